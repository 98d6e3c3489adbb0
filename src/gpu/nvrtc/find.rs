//! Where NVRTC is on this machine, and which version it is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Missing;

/// Names a library file, or a folder to look in; nothing else is looked at then.
pub const LIBRARY_VARIABLE: &str = "KERNSMITH_NVRTC";

/// The variables that let a worker, whose environment is otherwise cleared, come to the same answers as this process.
pub fn worker_environment() -> Vec<(&'static str, OsString)> {
    let library = library().map(OsString::from).ok().or_else(|| variable(LIBRARY_VARIABLE));
    [(LIBRARY_VARIABLE, library), (CACHE_VARIABLE, caches().map(OsString::from))]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// Names the folder of the user's caches, as the XDG specification has it.
const CACHE_VARIABLE: &str = "XDG_CACHE_HOME";

/// What the library is called, newest first. Debian and the wheels have no link without a number.
const NAMES: [&str; 3] = ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"];
/// Where it lies in a folder: bare, in a CUDA toolkit, in an unpacked wheel of CUDA 13 or 12.
const PLACES: [&str; 5] = ["", "lib64", "lib", "nvidia/cu13/lib", "nvidia/cuda_nvrtc/lib"];

/// The library that compiles candidates: the first in the order project, user's cache, CUDA toolkit, loader's folders.
pub fn library() -> Result<PathBuf, Missing> {
    if let Some(named) = variable(LIBRARY_VARIABLE) {
        let named = PathBuf::from(named);
        return in_folder(&named)
            .or_else(|| named.is_file().then(|| absolute(&named)))
            .ok_or_else(|| Missing(format!("{LIBRARY_VARIABLE}={} holds no libnvrtc", named.display())));
    }
    folders()
        .iter()
        .find_map(|folder| in_folder(folder))
        .ok_or_else(|| Missing(format!("not found; to get it: {}", super::INSTALL_HINT)))
}

/// The user's cache folder for NVRTC, if it is known where he keeps caches.
pub fn cache() -> Option<PathBuf> {
    caches().map(|caches| caches.join("kernsmith/nvrtc"))
}

fn caches() -> Option<PathBuf> {
    variable(CACHE_VARIABLE).map(PathBuf::from).or_else(|| variable("HOME").map(|home| Path::new(&home).join(".cache")))
}

/// The exact version if the files beside the library tell it (a wheel's `.dist-info`, a toolkit's full file name), else `reported`,
/// which is what the library itself says: major and minor.
pub fn exact_version(library: &Path, reported: &str) -> String {
    let full = library.canonicalize().unwrap_or_else(|_| library.to_path_buf());
    let from_name = full.file_name().and_then(|n| n.to_str()).and_then(|n| n.strip_prefix("libnvrtc.so."));
    let site = full.ancestors().nth(4).map(std::fs::read_dir).into_iter().flatten().flatten().flatten();
    let from_wheels = site.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let (package, version) = name.strip_suffix(".dist-info")?.split_once('-')?;
        package.starts_with("nvidia_cuda_nvrtc").then(|| version.to_string())
    });
    from_name
        .map(str::to_string)
        .into_iter()
        .chain(from_wheels)
        .find(|version| version.strip_prefix(reported).is_some_and(|rest| rest.starts_with('.')))
        .unwrap_or_else(|| reported.to_string())
}

fn folders() -> Vec<PathBuf> {
    let program = std::env::current_exe().unwrap_or_default();
    let here = std::env::current_dir().unwrap_or_default();
    // The program lies in PROJECT/target/PROFILE, or beside the project's own tools.
    let projects = program.ancestors().skip(1).take(3).chain([here.as_path()]);
    let mut folders: Vec<PathBuf> = projects.map(|project| project.join(".tools/nvrtc")).collect();
    folders.extend(cache());
    folders.extend(["CUDA_HOME", "CUDA_PATH"].iter().filter_map(|name| variable(name)).map(PathBuf::from));
    folders.push(PathBuf::from("/usr/local/cuda"));
    folders.extend(variable("LD_LIBRARY_PATH").iter().flat_map(std::env::split_paths));
    folders.extend(["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64"].map(PathBuf::from));
    folders
}

fn in_folder(folder: &Path) -> Option<PathBuf> {
    let files = PLACES.iter().flat_map(|place| NAMES.iter().map(move |name| folder.join(place).join(name)));
    files.into_iter().find(|path| path.is_file()).map(|path| absolute(&path))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }

    #[test]
    fn a_wheel_and_a_toolkit_are_found_and_tell_their_version() {
        let dir = tempfile::tempdir().unwrap();
        let wheel = dir.path().join("wheel");
        touch(&wheel.join("nvidia/cu13/lib/libnvrtc.so.13"));
        touch(&wheel.join("nvidia_cuda_nvrtc-13.5.37.dist-info/METADATA"));
        let library = in_folder(&wheel).unwrap();
        assert!(library.ends_with("nvidia/cu13/lib/libnvrtc.so.13"));
        assert_eq!(exact_version(&library, "13.5"), "13.5.37");
        // What lies about says nothing of a library of another version.
        assert_eq!(exact_version(&library, "13.0"), "13.0");

        let toolkit = dir.path().join("cuda");
        touch(&toolkit.join("lib64/libnvrtc.so.13.0.88"));
        std::os::unix::fs::symlink("libnvrtc.so.13.0.88", toolkit.join("lib64/libnvrtc.so.13")).unwrap();
        assert_eq!(exact_version(&in_folder(&toolkit).unwrap(), "13.0"), "13.0.88");
    }

    #[test]
    fn an_empty_folder_holds_no_library() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(in_folder(dir.path()), None);
    }
}
