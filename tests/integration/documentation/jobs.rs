//! The nightly jobs of docs/operations.md do what the page says, with a stand-in for `engagement`: the script of
//! cron and the service of systemd run as they are, the DAG in Airflow, and the job of Kubernetes is valid.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::page::Page;
use crate::installed::python;

const AIRFLOW: &str = "apache-airflow==3.3.2";
const KUBERNETES: &str = "kubernetes-validate==1.37.0";

/// The first block of the page that contains a text.
fn block(contains: &str) -> String {
    let blocks = Page::read("docs/operations.md").blocks();
    let found = blocks.into_iter().find(|block| block.text.contains(contains));
    found.unwrap_or_else(|| panic!("no block contains {contains}")).text
}

/// A folder with programs that stand in for those of the page. `engagement` writes its arguments to a file and ends
/// with the next of the given exit codes, `sleep` does not wait.
struct StandIn(tempfile::TempDir);

impl StandIn {
    fn new(codes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().display();
        let codes: String = codes.iter().map(|code| format!("{code}\n")).collect();
        fs::write(folder.path().join("codes"), codes).unwrap();
        let engagement = format!(
            "#!/bin/sh\necho \"$@\" >> {here}/calls\ncode=$(head -n 1 {here}/codes)\nsed -i 1d {here}/codes\n\
             echo 'error: a stand-in' >&2\nexit \"$code\"\n"
        );
        for (name, text) in [("engagement", engagement.as_str()), ("sleep", "#!/bin/sh\n")] {
            let file = folder.path().join(name);
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a program that finds the stand-ins.
    fn run(&self, command: &mut Command) -> Output {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = [self.0.path().to_owned()].into_iter().chain(std::env::split_paths(&path));
        let command = command.env("PATH", std::env::join_paths(path).unwrap()).stdin(Stdio::null());
        command.output().unwrap()
    }

    /// The arguments of each call.
    fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("calls")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

/// The words of a call for the day before, which may change while the test runs.
fn is_for_the_day_before(call: &str) -> bool {
    let words = "run /srv/engagement/enrichment.toml --as-of ";
    call.strip_prefix(words).is_some_and(|date| date.parse::<chrono::NaiveDate>().is_ok())
}

#[test]
fn cron_tries_again_only_if_that_may_help() {
    let script = block("# /srv/engagement/nightly.sh");
    for (codes, last, calls) in
        [(&[0][..], 0, 1), (&[3], 3, 1), (&[2], 2, 1), (&[75, 75, 0], 0, 3), (&[75, 75, 75, 75], 75, 4)]
    {
        let programs = StandIn::new(codes);
        let outcome = programs.run(Command::new("sh").args(["-c", &script]));
        assert_eq!((outcome.status.code(), programs.calls().len()), (Some(last), calls), "{codes:?}");
        assert!(programs.calls().iter().all(|call| is_for_the_day_before(call)), "{:?}", programs.calls());
    }
    let crontab = block("15 3 * * *  /srv");
    let line = crontab.lines().last().unwrap();
    let command = line.splitn(6, ' ').last().unwrap().trim();
    assert!(command.starts_with("/srv/engagement/nightly.sh ") && !command.contains('%'), "{line}");
}

/// systemd itself is not run: it needs to be the first process of a machine.
#[test]
fn the_service_of_systemd_runs_the_day_before() {
    let service = block("[Service]");
    let value = |key: &str| {
        let line = service.lines().find_map(|line| line.strip_prefix(&format!("{key}=")));
        line.unwrap_or_else(|| panic!("{key} in {service}")).to_owned()
    };
    // systemd replaces %% by %, and the program is given with its path.
    let command = value("ExecStart").replace("%%", "%").replace("/usr/local/bin/engagement", "engagement");
    let programs = StandIn::new(&[3]);
    let outcome = programs.run(Command::new("sh").args(["-c", &command]));
    assert_eq!(outcome.status.code(), Some(3));
    assert!(is_for_the_day_before(&programs.calls()[0]), "{:?}", programs.calls());
    assert_eq!(value("Restart"), "on-failure");
    assert_eq!(value("RestartPreventExitStatus"), "1 2 3");
}

/// `airflow dags test` runs the DAG as the scheduler does, and waits for no retry.
#[test]
fn the_dag_of_airflow_runs() {
    let airflow = python("airflow", AIRFLOW).join("bin/airflow");
    let programs = StandIn::new(&[0, 3]);
    fs::create_dir(programs.path("dags")).unwrap();
    fs::write(programs.path("dags/engagement.py"), block("from airflow.sdk import")).unwrap();
    let call = |arguments: &[&str]| {
        let mut command = Command::new(&airflow);
        command.args(arguments).env("AIRFLOW_HOME", programs.0.path());
        programs.run(command.env("AIRFLOW__CORE__LOAD_EXAMPLES", "False"))
    };
    let migrated = call(&["db", "migrate"]);
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    for (date, before, is_fine) in [("2026-11-01", "2026-10-31", true), ("2026-11-02", "2026-11-01", false)] {
        let outcome = call(&["dags", "test", "engagement", date]);
        let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
        assert_eq!(outcome.status.success(), is_fine, "{text}");
        let calls = programs.calls();
        let expected = format!("run /srv/engagement/enrichment.toml --as-of {before}");
        assert_eq!(calls.last(), Some(&expected), "{text}");
    }
    assert_eq!(programs.calls().len(), 2, "exit code 3 is not tried again");
}

#[test]
fn the_job_of_kubernetes_is_valid() {
    let validate = python("kubernetes", KUBERNETES).join("bin/kubernetes-validate");
    let folder = tempfile::tempdir().unwrap();
    let check = |text: &str| {
        let file: &Path = &folder.path().join("job.yaml");
        fs::write(file, text).unwrap();
        Command::new(&validate).arg("--strict").arg(file).output().unwrap()
    };
    let job = block("kind: CronJob");
    let outcome = check(&job);
    assert!(outcome.status.success(), "{}", String::from_utf8_lossy(&outcome.stdout));
    let wrong = check(&job.replace("backoffLimit: 3", "backoffLimit: many"));
    assert!(!wrong.status.success(), "a wrong job is found");
    assert!(job.contains("values: [1, 2, 3]"), "{job}");
}
