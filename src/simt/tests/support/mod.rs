//! What the tests of the simulated GPU share.
#![allow(dead_code, reason = "not every test file needs everything")]

use kernsmith_simt::cache::Caches;
use kernsmith_simt::device::Device;
use kernsmith_simt::exec::{self, Arg, Blocks, Launch, Options, Order, Report};
use kernsmith_simt::memory::{Content, Memory, Right};
use kernsmith_simt::program::Program;

/// What a launch looks for.
#[derive(Clone, Copy, PartialEq)]
pub enum Look {
    Nothing,
    Faults,
    Counts,
}

pub fn device() -> &'static Device {
    Device::by_id("h100").unwrap()
}

pub fn options(look: Look, order: Order, caches: Option<&mut Caches>) -> Options<'_> {
    Options {
        order,
        blocks: Blocks::All,
        detect: look == Look::Faults,
        caches,
        trace_blocks: 1,
        latencies: device().latency,
        sms: 132,
        resident: 264,
        max_shared: 227 << 10,
        fuel: 1 << 32,
        deadline: None,
    }
}

pub fn run(program: &Program, memory: &mut Memory, first: usize, launch: &Launch, look: Look, order: Order) -> Report {
    let mut caches = Caches::new(device(), 132, 0, 1.0);
    let mut options = options(look, order, (look == Look::Counts).then_some(&mut caches));
    exec::launch(program, memory, first, launch, &mut options)
}

pub fn floats(values: &[f32]) -> Content {
    Content::Bytes(values.iter().flat_map(|v| v.to_le_bytes()).collect())
}

pub fn read_floats(memory: &Memory, buffer: usize) -> Vec<f32> {
    memory.buffer(buffer).data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

/// A kernel with buffers as its first arguments.
pub struct Bench {
    pub program: Program,
    pub memory: Memory,
    pub first: usize,
    pub launch: Launch,
}

impl Bench {
    pub fn new(ptx: &str, kernel: &str, grid: [u32; 3], block: [u32; 3]) -> Self {
        let program = Program::load(ptx, "candidate.cu").unwrap();
        let launch = Launch { kernel: kernel.into(), grid, block, dynamic_shared: 0, args: Vec::new() };
        Self { program, memory: Memory::new(), first: 0, launch }
    }

    pub fn buffer(&mut self, name: &str, bytes: u64, right: Right, content: Content) -> usize {
        let number = self.memory.allocate(name, bytes, right, content);
        self.launch.args.push(Arg::Buffer(number));
        number
    }

    pub fn input(&mut self, name: &str, values: &[f32]) -> usize {
        self.buffer(name, values.len() as u64 * 4, Right::Read, floats(values))
    }

    pub fn output(&mut self, name: &str, elements: usize) -> usize {
        self.buffer(name, elements as u64 * 4, Right::Write, Content::Uninitialised)
    }

    pub fn integer(&mut self, value: i64) {
        self.launch.args.push(Arg::Integer(value));
    }

    pub fn run(&mut self, look: Look) -> Report {
        self.first = exec::load_variables(&self.program, &mut self.memory);
        run(&self.program, &mut self.memory, self.first, &self.launch, look, Order::Forward)
    }
}
