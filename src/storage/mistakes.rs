//! Mistakes in paths that would otherwise lead to a file that does not exist, or create a folder with a strange
//! name: what a shell or another system expands, and URLs that are cut short.

/// Why a path without `://` cannot be meant as it is written; `None` if it can.
pub(crate) fn in_path(path: &str) -> Option<String> {
    if path.chars().any(char::is_control) {
        return Some(format!(
            "contains a control character: in double quotes a backslash begins an escape; {QUOTES}"
        ));
    }
    if path == "~" || path.starts_with("~/") {
        return Some("~ is not expanded here; write the whole path (./~ for a folder named ~)".to_owned());
    }
    if let Some(variable) = variable(path) {
        return Some(format!("variables such as {variable} are not expanded here; write the whole path"));
    }
    if path.starts_with(r"\\") || path.starts_with("//?/") {
        return Some(
            "this is a network path of Windows; mount it, and write the path of the mount".to_owned(),
        );
    }
    let (scheme, rest) = path.split_once(':')?;
    let is_scheme = !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '+');
    match rest.starts_with(['/', '\\']) && is_scheme {
        false => None,
        true if scheme.len() == 1 => Some(format!(
            "{scheme}: is a drive of Windows, which this system does not have; in WSL it is /mnt/{}",
            scheme.to_ascii_lowercase()
        )),
        true if scheme.eq_ignore_ascii_case("dbfs") => Some(databricks()),
        true if scheme.eq_ignore_ascii_case("file") => Some(format!(
            "a file URL has three slashes and an absolute path: file:///{}",
            rest.trim_start_matches('/')
        )),
        true => Some(format!("a URL has two slashes: {scheme}:/{rest}")),
    }
}

/// What to write for a path in which backslashes are meant to separate folders.
pub(crate) const BACKSLASHES: &str =
    "there is no such file, and a backslash does not separate folders here; use /";

/// What to write instead of double quotes.
pub(crate) const QUOTES: &str = "write the path in single quotes, or with / instead of \\";

/// A variable of a shell with which a path begins: `$DATA`, `${DATA}` or `%DATA%`.
fn variable(path: &str) -> Option<&str> {
    let is_name = |name: &str| {
        let mut chars = name.chars();
        chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let first = path.split(['/', '\\']).next()?;
    let name = match first.strip_prefix('$') {
        Some(name) => name.strip_prefix('{').map_or(Some(name), |name| name.strip_suffix('}'))?,
        None => first.strip_prefix('%')?.strip_suffix('%')?,
    };
    is_name(name).then_some(first)
}

/// What to write instead of a URL with a scheme that is not supported; `None` if that is not known.
pub(crate) fn instead_of(scheme: &str) -> Option<String> {
    Some(match scheme {
        "s3n" => "write s3://bucket/path".to_owned(),
        "gcs" => "write gs://bucket/path".to_owned(),
        "wasb" | "wasbs" => {
            "write abfss://container@account.dfs.core.windows.net/path for the same storage".to_owned()
        }
        "onelake" => "write abfss://workspace@onelake.dfs.fabric.microsoft.com/item/path".to_owned(),
        "r2" | "oss" | "cos" | "obs" | "minio" => {
            "write s3://bucket/path, and the server as endpoint under [storage.s3]".to_owned()
        }
        "dbfs" => databricks(),
        "hdfs" | "ftp" | "sftp" | "smb" | "nfs" | "webhdfs" => {
            "copy the files, or mount the server and write the path of the mount".to_owned()
        }
        _ => return None,
    })
}

fn databricks() -> String {
    "dbfs: is a name inside of Databricks; write /dbfs/... there, or the URL of the storage behind it"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (path, says) in [
            ("~/mail.parquet", "~ is not expanded here"),
            ("~", "~ is not expanded here"),
            ("$DATA/mail.parquet", "variables such as $DATA are not expanded"),
            ("${DATA}/mail.parquet", "variables such as ${DATA} are not expanded"),
            ("%DATA%\\mail.parquet", "variables such as %DATA% are not expanded"),
            (
                "C:\\Users\\ann\\x.parquet",
                "C: is a drive of Windows, which this system does not have; in WSL it is /mnt/c",
            ),
            ("d:/x", "in WSL it is /mnt/d"),
            ("C:\tmp", "contains a control character"),
            ("\\\\server\\share", "a network path of Windows"),
            ("dbfs:/mnt/mail", "a name inside of Databricks"),
            ("file:/data/mail", "three slashes and an absolute path: file:///data/mail"),
            ("s3:/b/mail", "a URL has two slashes: s3://b/mail"),
        ] {
            let found = in_path(path).unwrap_or_default();
            assert!(found.contains(says), "{path:?}: {found}");
        }
        for path in [
            "mail",
            "./~",
            "~ann",
            "mail~/x",
            "./$DATA",
            "a/$b",
            "$",
            "$1",
            "100%/x",
            "%",
            "%a",
            "a:b",
            "2026-01-01T10:00",
            "é:/x",
            ":/x",
        ] {
            assert_eq!(in_path(path), None, "{path}");
        }
    }
}
