use std::path::Path;

use super::*;
use crate::agent::builtin::{methods, rules};
use crate::task::TaskRoot;

#[test]
fn instantiating_sets_name_parameters_and_tunables_and_nothing_else() {
    let f = fixture(&[]);
    let text = "// @operation sum\n// @method tree\n// @contract combinational\n// @tune A in [1, 2]\n// a kernel of sorts\nmodule kernel #(\n  parameter W = 4,\n  parameter A = 1\n) (output wire y);\n  wire kernel_2 = 0; /* kernel */ kernel #(.W(1)) again (y);\nendmodule\n";
    write(f.dir.path(), "kernels/verilog/sum/self.v", text);
    let library = Library::load(&f.dir.path().join("kernels")).unwrap();
    let e = library.applicable(&f.task).next().unwrap();
    let made = e.instantiate(&f.task, &[("A".to_string(), 2)].into());
    let expected = text
        .replace("module kernel", "module sum8")
        .replace("*/ kernel #", "*/ sum8 #")
        .replace("W = 4", "W = 8")
        .replace("A = 1", "A = 2");
    assert_eq!(made, expected);
}

#[test]
fn exemplars_apply_by_operation_and_contract() {
    let f = fixture(&[("a", "tree", "combinational, pipeline", &[]), ("b", "booth", "pipeline", &[])]);
    let names: Vec<&str> = f.library.applicable(&f.task).map(|e| e.technique.as_str()).collect();
    assert_eq!(names, ["a"]);
    let mut other = f.task.clone();
    other.operation = "multiply".into();
    assert_eq!(f.library.applicable(&other).count(), 0);
}

#[test]
fn points_begin_with_the_default_and_change_one_tunable_first() {
    let f = fixture(&[("a", "tree", "combinational", &[("A", &[1, 2, 3]), ("B", &[0, 1])])]);
    let e = f.library.applicable(&f.task).next().unwrap();
    let points: Vec<Vec<i64>> = e.points().iter().map(|p| p.values().copied().collect()).collect();
    assert_eq!(points, [[1, 0], [1, 1], [2, 0], [3, 0], [2, 1], [3, 1]]);
}

#[test]
fn a_broken_exemplar_is_named_with_file_and_line() {
    let f = fixture(&[]);
    let good = exemplar("tree", "combinational", &[("A", &[1, 2])]);
    let many: Vec<i64> = (0..40).collect();
    for (text, part) in [
        (good.replace("@method tree", "@method magic"), "x.v: @method magic is not in the catalogue; known: booth"),
        (good.replace("// @method tree\n", ""), "x.v: has no `// @method`"),
        (good.replace("@operation sum", "@operation sort"), "x.v: @operation sort differs"),
        (good.replace("// @contract combinational\n", ""), "x.v: has no `// @contract`"),
        (good.replace("module kernel", "module nucleus // module kernel"), "x.v: has no module named kernel"),
        (good.replace("in [1, 2]", "in [2]"), "x.v:5: parameter A = 1"),
        (good.replace("in [1, 2]", "of [2]"), "x.v:5: "),
        (exemplar("tree", "combinational", &[("A", &many), ("B", &many)]), "x.v:5: the tunables span 1600 points"),
    ] {
        write(f.dir.path(), "kernels/verilog/sum/x.v", &text);
        let message = Library::load(&f.dir.path().join("kernels")).unwrap_err().to_string();
        assert!(message.contains(part), "{message}\nshould contain {part}");
    }
    let message = Library::load(Path::new("/nowhere")).unwrap_err().to_string();
    assert!(message.contains("--kernels"), "{message}");
}

#[test]
fn every_rule_is_for_a_method_of_the_catalogue_and_every_method_has_one() {
    let (rules, names) = (rules::rules(TargetName::Verilog), || methods::names(TargetName::Verilog));
    for name in names() {
        assert_eq!(rules.iter().filter(|r| r.method == name).count(), 1, "{name}");
    }
    assert_eq!(rules.len(), names().count());
}

#[test]
fn the_shipped_library_can_be_read_and_serves_every_shipped_task() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = Library::load(&root.join("kernels")).unwrap();
    let tasks = TaskRoot(root.join("tasks"));
    for name in tasks.names() {
        let task = tasks.load(&name).unwrap();
        assert!(task.cuda().is_some() || library.applicable(&task).count() >= 2, "{name}");
        for e in library.applicable(&task) {
            let source = e.instantiate(&task, &e.default_point());
            let Some(verilog) = task.verilog() else { continue };
            assert!(source.contains(&format!("module {}", verilog.top)), "{name}: {}", e.technique);
            for (parameter, value) in &verilog.parameters {
                let set = candidate::parameter(TargetName::Verilog, &source, parameter);
                assert!(set.is_none_or(|v| v == *value), "{name}: {}: {parameter}", e.technique);
            }
        }
    }
}
