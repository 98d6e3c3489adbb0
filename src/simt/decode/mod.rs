//! From the tree of [`crate::ptx`] to a [`Program`]: one kernel at a time, with the functions that it calls.

mod arithmetic;
mod build;
mod memory;
mod tensor;

pub(crate) use arithmetic::{maximum, minimum};

use crate::program::{ModuleVariable, Program, Unsupported};
use crate::ptx::{self, Module, PtxError, Space};

impl Program {
    /// Reads and decodes a PTX text; `source_name` is the user's file, to which lines refer. A kernel that cannot be executed is an error of
    /// its own.
    pub fn load(ptx: &str, source_name: &str) -> Result<Self, PtxError> {
        Ok(Self::decode(&ptx::parse(ptx, source_name)?))
    }

    /// Decodes a module.
    pub fn decode(module: &Module) -> Self {
        let variables: Vec<ModuleVariable> = module
            .variables
            .iter()
            .filter(|v| matches!(v.space, Space::Global | Space::Const))
            .map(|v| ModuleVariable {
                name: v.name.clone(),
                bytes: v.bytes,
                align: v.align,
                init: v.init.clone(),
                constant: v.space == Space::Const,
            })
            .collect();
        let mut program = Program { kernels: Default::default(), variables };
        for (number, function) in module.functions.iter().enumerate() {
            if function.entry && function.body.is_some() {
                let kernel = build::kernel(module, number, &program.variables);
                program.kernels.insert(function.name.clone(), kernel);
            }
        }
        program
    }
}

type Decoded<T> = Result<T, Unsupported>;
