//! What a run leaves behind contains nothing about an individual: no address, name or id of the inputs is in
//! the published tables, the printed text, plans, errors or temporary files.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::parquet::file::reader::{FileReader, SerializedFileReader};
use datafusion_engagement::config::Enrichment;
use datafusion_engagement::publish::{Description, TABLES};
use datafusion_engagement::query::session;
use flate2::read::MultiGzDecoder;

use crate::files::{read, write};
use crate::support::{block_on, bundled_run, data, files_in, inputs, texts};

/// Texts that must not be found, in lower case, by their first bytes.
struct Secrets {
    /// Which hashes of first bytes exist; most positions of a text are skipped with this filter.
    begin: Vec<bool>,
    texts: HashMap<[u8; KEY], Vec<String>>,
}

const KEY: usize = 5;
const REMAINDERS: usize = 1 << 20;

fn remainder(key: &[u8]) -> usize {
    let mixed = u32::from_le_bytes([key[0], key[1], key[2], key[3]]).wrapping_mul(0x9e37_79b1);
    (mixed ^ u32::from(key[4]).wrapping_mul(0x85eb_ca6b)) as usize % REMAINDERS
}

impl Secrets {
    fn new(texts: BTreeSet<String>, public: &BTreeSet<String>) -> Self {
        let mut secrets: HashMap<[u8; KEY], Vec<String>> = HashMap::new();
        for text in texts {
            let text = text.trim().to_lowercase();
            // The parts of a text that contains both a display name and an address.
            let parts = text.split(['<', '>', '"', '\'']).map(str::trim).map(str::to_string);
            for part in parts.chain([text.clone()]).filter(|part| part.len() >= KEY) {
                if public.contains(&part) {
                    continue;
                }
                secrets.entry(part.as_bytes()[..KEY].try_into().unwrap()).or_default().push(part);
            }
        }
        let mut begin = vec![false; REMAINDERS];
        secrets.keys().for_each(|key| begin[remainder(key)] = true);
        Self { begin, texts: secrets }
    }

    /// The secrets that a text contains.
    fn found_in(&self, text: &[u8]) -> BTreeSet<&str> {
        let text = text.to_ascii_lowercase();
        let starts = text.windows(KEY).enumerate();
        let known = starts
            .filter_map(|(at, key)| Some((at, self.begin[remainder(key)].then(|| self.texts.get(key))??)));
        let found = known.flat_map(|(at, secrets)| {
            secrets.iter().filter({
                let rest = &text[at..];
                move |secret| rest.starts_with(secret.as_bytes())
            })
        });
        found.map(String::as_str).collect()
    }

    #[track_caller]
    fn none_in(&self, what: &str, text: &[u8]) {
        let found = self.found_in(text);
        assert!(found.is_empty(), "{what}: {:?}", found.iter().take(5).collect::<Vec<_>>());
    }
}

/// Every text of a table, except account ids.
fn texts_of(file: &Path) -> BTreeSet<String> {
    let batch = read(file);
    let mut texts = BTreeSet::new();
    for (column, field) in batch.columns().iter().zip(batch.schema().fields()) {
        if field.name() == "parentcustomerid" {
            continue;
        }
        let values = match field.data_type() {
            DataType::List(_) => column.as_list::<i32>().values().clone(),
            _ => column.clone(),
        };
        if values.data_type().is_string() {
            let values = cast(&values, &DataType::Utf8).unwrap();
            texts.extend(values.as_string::<i32>().iter().flatten().map(str::to_string));
        }
    }
    texts
}

/// Every text of a JSON export that is an address, a name or an id.
fn texts_of_json(file: &Path) -> BTreeSet<String> {
    let mut bytes = vec![];
    let mut reader: Box<dyn std::io::Read> = Box::new(File::open(file).unwrap());
    if file.extension().is_some_and(|e| e == "gz") {
        reader = Box::new(MultiGzDecoder::new(reader));
    }
    reader.read_to_end(&mut bytes).unwrap();
    // UTF-16 with a byte order mark, or UTF-8.
    let text = match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => {
            String::from_utf16(&rest.chunks(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect::<Vec<_>>())
                .unwrap()
        }
        [0xfe, 0xff, rest @ ..] => {
            String::from_utf16(&rest.chunks(2).map(|b| u16::from_be_bytes([b[0], b[1]])).collect::<Vec<_>>())
                .unwrap()
        }
        _ => String::from_utf8(bytes).unwrap(),
    };
    let strings: Vec<_> = text.split('"').collect();
    let after_name = strings.windows(3).filter(|w| w[0] == "displayName" && w[1].trim() == ":").map(|w| w[2]);
    let ids =
        strings.iter().copied().filter(|s| s.contains('@') || s.len() > 15 && s.contains(char::is_numeric));
    ids.chain(after_name).map(str::to_string).collect()
}

fn secrets() -> Secrets {
    let mut all = BTreeSet::new();
    for file in inputs() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let is_graph = file.display().to_string().contains("graph-data-connect/");
        if name.contains(".json") {
            all.extend(texts_of_json(&file));
        } else if name.ends_with(".parquet") && name != "accounts.parquet" && !is_graph {
            all.extend(texts_of(&file));
        }
    }
    assert!(all.len() > 5000);
    // Accounts are published, and some of them send email under their own name.
    let accounts = texts_of(&data().join("accounts.parquet"));
    Secrets::new(all, &accounts.iter().map(|text| text.to_lowercase()).collect())
}

/// Runs the command with its own folder for temporary files.
fn command(arguments: &[&str], temporary: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_engagement"));
    command.args(arguments).env("TMPDIR", temporary).env("RUST_BACKTRACE", "1").stdin(Stdio::null());
    command
}

/// The contents of a file: its bytes and, because these can be compressed, its values.
fn contents(file: &Path) -> Vec<u8> {
    let mut contents = fs::read(file).unwrap();
    if file.extension().is_some_and(|e| e == "parquet") {
        let batch = read(file);
        contents.extend(texts(&[batch]).concat().join("\n").into_bytes());
    }
    contents
}

#[test]
fn the_search_finds_what_is_there() {
    let secrets = secrets();
    for (file, least) in [("mail/2026-03-19.parquet", 100), ("users.parquet", 20), ("contacts.parquet", 100)]
    {
        let found = contents(&data().join(file));
        assert!(secrets.found_in(&found).len() > least, "{file}");
    }
    let users = contents(&Path::new(&bundled_run().report.office).with_file_name("Office_UserTable.parquet"));
    assert!(secrets.found_in(&users).len() >= 12, "addresses");
}

#[test]
fn nothing_of_an_individual_is_left_behind() {
    let secrets = secrets();
    for name in ["enrichment.toml", "graph-data-connect.toml"] {
        let folder = tempfile::tempdir().unwrap();
        let (out, temporary) = (folder.path().join("out"), folder.path().join("tmp"));
        fs::create_dir(&temporary).unwrap();
        let file = data().join(name).display().to_string();
        let out_text = out.display().to_string();
        let call = |arguments: &[&str]| {
            let arguments = [&arguments[..1], &[&file, "--output", &out_text], &arguments[1..]].concat();
            let output = command(&arguments, &temporary).output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            (output.status.success(), said)
        };

        // Checks temporary files during the run; afterwards there are none, and the published files are
        // checked.
        let arguments = ["run", &file, "--output", &out_text];
        let mut run =
            command(&arguments, &temporary).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while run.try_wait().unwrap().is_none() {
            for file in files_in(&temporary) {
                secrets.none_in(&file.display().to_string(), &fs::read(&file).unwrap_or_default());
            }
        }
        let output = run.wait_with_output().unwrap();
        assert!(output.status.success());
        secrets.none_in("output of run", &[output.stdout, output.stderr].concat());
        assert_eq!(files_in(&temporary), Vec::<PathBuf>::new());
        let files = files_in(&out);
        // Links, the linked files, and the files next to them.
        assert!(files.len() > 2 * TABLES.len());
        for file in files.iter().filter(|f| !f.ends_with("Office_UserTable.parquet")) {
            secrets.none_in(&file.display().to_string(), &contents(file));
        }

        // `check` prints the listed groups, which are in the enrichment file, and no other address.
        let (_, said) = call(&["check"]);
        let found = secrets.found_in(&said);
        assert!(found.iter().all(|secret| "uk-sales@northwind.example".contains(secret)), "{found:?}");

        let (succeeded, said) = call(&["segment"]);
        assert!(succeeded);
        secrets.none_in("segments", &said);
        let plans = |kind: &str, views: &[&str]| {
            let plans = views.iter().map(|view| format!("{kind} select * from \"{view}\""));
            plans.collect::<Vec<_>>().join("; ")
        };
        // Views that read inputs; the plans of all other views contain the plans of these.
        let inputs = ["stg_mail", "stg_meeting", "stg_contact", "directory", "mailbox", "mail_copy"];
        let published = ["Office", "Office_ScoreExplained", "CustomerCard_History", "Segment_Stale"];
        let statistics = "set datafusion.explain.show_statistics = true";
        let dynamic = ["topk", "join", "aggregate"]
            .map(|of| format!("set datafusion.optimizer.enable_{of}_dynamic_filter_pushdown = true"));
        let learnt = [
            "select max(sender), min(message_id) from stg_mail",
            "select sender, message_id from stg_mail order by sender, message_id limit 5",
            "select address from contact_address where address > (select min(address) from contact_address)",
            "select (select max(sender) from stg_mail) as last, count(*) from stg_mail",
            "select m.message_id from stg_mail m join (select max(address) as address from contact_address) c on m.sender = c.address",
        ];
        for (live, script) in [
            (true, plans("explain verbose", &inputs)),
            (true, format!("{statistics}; {}", plans("explain", &inputs))),
            (true, plans("explain analyze", &["Office"])),
            // Values that operators discover at run time: sort limits, subquery results, join keys.
            (true, learnt.map(|query| format!("explain analyze {query}")).join("; ")),
            (true, learnt.map(|query| format!("explain analyze verbose {query}")).join("; ")),
            (false, plans("explain verbose", &published)),
            (false, plans("explain analyze", &published)),
            (false, "show all; select * from information_schema.columns".into()),
            (false, "select * from office; select * from office_dispositions".into()),
        ] {
            let arguments = ["sql", "--format", "csv", "-c", &script, "--live"];
            let (succeeded, said) = call(&arguments[..if live { 6 } else { 5 }]);
            assert!(succeeded, "{}", String::from_utf8_lossy(&said));
            secrets.none_in(&script, &said);
        }
        // The command refuses these settings. A session of the library has them.
        block_on(async {
            let ctx = session::live(&Enrichment::open(data().join(name)).unwrap()).await.unwrap();
            for set in &dynamic {
                ctx.sql(set).await.unwrap();
            }
            for query in learnt {
                let plan = ctx.sql(&format!("explain analyze {query}")).await.unwrap().collect().await;
                secrets.none_in(query, texts(&plan.unwrap()).concat().concat().as_bytes());
            }
        });
        for script in [
            &dynamic[1],
            "select sender from mail_copy",
            "select * from stg_mail where sent = 1",
            "select 1/0 from stg_mail",
        ] {
            let (succeeded, said) = call(&["sql", "-c", script, "--live"]);
            assert!(!succeeded);
            secrets.none_in(script, &said);
        }
    }
}

/// Subjects and bodies are in no output. Exports contain them, and the readers skip them.
#[test]
fn subjects_and_bodies_are_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["mail", "meetings"] {
        fs::create_dir(at(name)).unwrap();
    }
    let person = |name: &str, address: &str| {
        format!(r#"{{"emailAddress":{{"name":"{name}","address":"{address}"}}}}"#)
    };
    let (anna, carl) = (person("Zanna Zquirk", "anna@us.com"), person("Zarl Zquirk", "carl@acme.com"));
    let mail = |id: &str, rest: &str| {
        format!(
            r#"{{"internetMessageId":"<{id}-zquirk>","sentDateTime":"2026-06-01T10:00:00Z","subject":"Zquirk merger","from":{anna},
            "toRecipients":[{carl}],"body":{{"content":"zquirk tomorrow"}},"bodyPreview":"zquirk",
            "conversationId":"zquirk"{rest}}}"#
        )
    };
    let meeting = format!(
        r#"{{"iCalUId":"zquirk-1","subject":"Zquirk","organizer":{anna},"attendees":[{carl}],"location":{{"displayName":"Zquirk room"}},
        "start":{{"dateTime":"2026-06-01T10:00:00","timeZone":"UTC"}},"end":{{"dateTime":"2026-06-01T11:00:00","timeZone":"UTC"}}}}"#
    );
    let write_mail = |text: &str| fs::write(at("mail/1.json"), text).unwrap();
    fs::write(at("meetings/1.json"), meeting).unwrap();
    block_on(async {
        let ctx = session::new().unwrap();
        let contacts = "select 'carl@acme.com' as email, 'acme' as account_id, 'zquirk' as contact_id";
        let batches = ctx.sql(contacts).await.unwrap().collect().await.unwrap();
        write(&at("contacts.parquet"), &batches[0]);
    });
    let enrichment = r#"
name = "subjects"
as_of = "2026-06-30"
[consent]
granted_by = "admin@us.com"
granted_on = "2026-01-01"
[mailboxes]
addresses = ["anna@us.com", "ben@us.com"]
[contacts]
path = "contacts.parquet"
[mail]
path = "mail/"
format = "graph-data-connect"
[meetings]
path = "meetings/"
format = "graph-data-connect"
"#;
    fs::write(at("enrichment.toml"), enrichment).unwrap();
    let file = at("enrichment.toml").display().to_string();
    let none_in = |what: &str, bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        assert!(!text.contains("zquirk"), "{what}: {text}");
    };
    let call = |arguments: &[&str]| {
        let output = command(arguments, folder.path()).output().unwrap();
        (output.status.success(), [output.stdout, output.stderr].concat())
    };
    let good = [mail("1", ""), mail("2", "")].join("\n");
    write_mail(&good);
    let (succeeded, said) = call(&["run", &file]);
    assert!(succeeded, "{}", String::from_utf8_lossy(&said));
    assert!(String::from_utf8_lossy(&said).contains("2 messages, 1 meeting"));
    none_in("run", &said);
    for file in files_in(&at("out")) {
        none_in(&file.display().to_string(), &contents(&file));
    }
    none_in("check", &call(&["check", &file]).1);
    // Errors in the middle of subjects and bodies.
    let fault = good.find("zquirk tomorrow").unwrap() + 3;
    for damaged in [
        good[..fault].to_owned(),
        good.replace("zquirk tomorrow", "zquirk \u{1} tomorrow"),
        good.replace("zquirk tomorrow\"", "zquirk tomorrow\\q\""),
        good.replace("\"subject\":\"Zquirk merger\"", "\"subject\":Zquirk merger"),
        good.replace("2026-06-01T10:00:00Z\"", "Zquirk\""),
        good.replace("[{\"emailAddress\"", "[zquirk"),
    ] {
        write_mail(&damaged);
        for command in ["check", "run"] {
            none_in(&format!("{command}: {damaged}"), &call(&[command, &file]).1);
        }
    }
}

#[test]
fn errors_about_inputs_name_nobody() {
    let secrets = secrets();
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(data().join("enrichment.toml")).unwrap();
    let text = text.replace("path = \"", &format!("path = \"{}/", data().display()));
    let mail = data().join("mail/2026-03-19.parquet");
    let damaged = folder.path().join("damaged.parquet");
    let file = folder.path().join("enrichment.toml");
    for part in 0..8 {
        let mut bytes = fs::read(&mail).unwrap();
        let at = 4 + bytes.len() * part / 8;
        bytes[at..at + 400].fill(0xff);
        fs::write(&damaged, bytes).unwrap();
        fs::write(&file, text.replace(&format!("{}/mail/", data().display()), "damaged.parquet")).unwrap();
        let (file, out) = (file.display().to_string(), folder.path().join("out").display().to_string());
        let output = command(&["run", &file, "--output", &out], folder.path()).output().unwrap();
        secrets.none_in("a damaged file", &[output.stdout, output.stderr].concat());
    }
}

/// The metadata of a published file is complete, and contains no address.
#[test]
fn a_published_file_explains_itself() {
    let folder = Path::new(&bundled_run().report.office).parent().unwrap();
    for table in TABLES {
        let file = File::open(folder.join(table.file("Office"))).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let said = Description::read(reader.metadata().file_metadata());
        for (key, value) in [
            ("version", env!("CARGO_PKG_VERSION")),
            ("enrichment", "northwind-demo"),
            ("as_of", "2026-10-31"),
            ("first_day", "2025-11-01"),
            ("time_zone", "Europe/London"),
            ("reply_window_days", "30"),
            ("levels", "year,month,week"),
            ("sources", "mail,meetings"),
            (
                "weights",
                "NoOfEmails_ToAccount=10,NoOfEmails_FromAccount=20,NoOfMeetings_FromAccount=15,NoOfMeetings_ToAccount=15,\
                 NoOfContactsInvolved_Meetings=5,NoOfContactsInvolved_Emails=5,NoOfAccountContactsInvolved_Meetings=10,\
                 NoOfAccountContactsInvolved_Emails=10,recency=10",
            ),
            ("consent.granted_on", "2026-09-14"),
            ("region", "united_kingdom"),
        ] {
            assert_eq!(said.get(key), Some(value), "{} {key}", table.name);
        }
        assert_eq!(said.get("min_people"), None, "where nothing is suppressed");
        assert_eq!(said.get("fiscal_year_start"), None, "where there are no quarters");
        let all = reader.metadata().file_metadata().key_value_metadata().unwrap();
        assert!(all.iter().all(|e| !e.value.as_deref().unwrap_or_default().contains('@')), "no address");
    }
}
