//! What a person types into the shell, and what it shows.

use super::{FURTHER, PROMPT, Terminal};

const LEAVE: (&str, &str) = (PROMPT, "\\q\n");

/// Statements span lines, which have a prompt of their own. Ctrl-C drops what is typed, Ctrl-D leaves.
#[test]
fn further_lines_have_their_own_prompt() {
    let shown = Terminal::new(80, 24).converse(&[
        (PROMPT, "select 1 as one,\n"),
        (FURTHER, "\\x\n"),
        (FURTHER, "'\n"),
        (FURTHER, "\n"),
        (FURTHER, "' as blank;\n"),
        ("(1 row)", ""),
        (PROMPT, "\\x off\n"),
        (PROMPT, "select 'not run'\n"),
        (FURTHER, "\u{4}"),
    ]);
    assert!(shown.contains("\n-[ 1 ]-\none   | 1\nblank | \\n\\n\n(1 row)\n"), "{shown}");
    assert!(!shown.contains("not run |") && !shown.contains("error"), "{shown}");
}

/// The editor of a capable terminal: a statement of several lines is one entry of the history.
#[test]
fn the_history_has_whole_statements() {
    let terminal = Terminal::new(80, 24).with("TERM", "xterm");
    let shown = terminal.converse(&[
        (PROMPT, "select 41 + 1\r"),
        (FURTHER, "as answer;\r"),
        ("(1 row)", ""),
        (PROMPT, "\u{1b}[A"),
        ("as answer;", "\r"),
        ("(1 row)", ""),
        (PROMPT, "\u{4}"),
    ]);
    assert_eq!(shown.matches("     42\n").count(), 2, "{shown}");
    let history = terminal.world.input("state/engagement/history");
    assert!(String::from_utf8_lossy(&history).contains("select 41 + 1\\nas answer;"));
}

/// A table that is wider than the terminal is cut, with a hint, or turned by `\x auto`.
#[test]
fn wide_tables_are_cut_or_turned() {
    let wide = "select 'abcdefghijklmnop' as a, 'qrstuvwxyz' as b, 'end' as c;\n";
    let shown = Terminal::new(30, 24).converse(&[
        (PROMPT, wide),
        ("(1 row)", ""),
        (PROMPT, "\\x auto\n"),
        (PROMPT, wide),
        ("(1 row)", ""),
        (PROMPT, "select 1 as a;\n"),
        ("(1 row)", ""),
        (PROMPT, "\\format csv\n"),
        (PROMPT, wide),
        ("(1 row)", ""),
        LEAVE,
    ]);
    assert!(shown.contains("\n abcdefghijklmnop | qrstuvwxy…\n"), "{shown}");
    assert!(shown.contains("lines are cut at the width of the terminal; \\x shows each value"), "{shown}");
    assert!(shown.contains("\n-[ 1 ]\na | abcdefghijklmnop\nb | qrstuvwxyz\nc | end\n(1 row)\n"), "{shown}");
    assert!(shown.contains("\n a\n---\n 1\n(1 row)\n"), "{shown}");
    assert!(shown.contains("\na,b,c\nabcdefghijklmnop,qrstuvwxyz,end\n"), "{shown}");
}

/// What does not fit on the terminal goes through the pager; what fits does not, and neither does a file.
#[test]
fn long_results_are_paged() {
    let long = "select value from generate_series(1, 20) order by value;\n";
    let terminal = Terminal::new(80, 12);
    let pager = terminal.program("pager", "echo paged; tail -n 1\n");
    let terminal = terminal.with("PAGER", &format!("sh '{}'", pager.display()));
    let file = terminal.world.path("result.txt");
    let to_file = format!("\\o {}\n", file.display());
    let shown = terminal.converse(&[
        (PROMPT, long),
        ("(20 rows)", ""),
        (PROMPT, "select 1 as fits;\n"),
        ("(1 row)", ""),
        (PROMPT, "\\df\n"),
        ("paged", ""),
        (PROMPT, &to_file),
        (PROMPT, long),
        ("(20 rows)", ""),
        (PROMPT, "\\o\n"),
        (PROMPT, "\\pset pager off\n"),
        (PROMPT, long),
        ("(20 rows)", ""),
        LEAVE,
    ]);
    assert!(shown.contains("\npaged\n    20\n(20 rows)\n"), "{shown}");
    assert!(shown.contains("\n fits\n------\n    1\n(1 row)\n"), "{shown}");
    assert_eq!(shown.matches("paged").count(), 2, "{shown}");
    assert_eq!(shown.matches("\n    19\n").count(), 1, "without the pager: {shown}");
    assert_eq!(String::from_utf8_lossy(&terminal.world.input("result.txt")).lines().count(), 22);
}

/// Nothing is lost if the pager is missing.
#[test]
fn a_pager_that_is_missing_is_done_without() {
    let shown = Terminal::new(80, 12).with("PAGER", "/nowhere/pager").converse(&[
        (PROMPT, "select value from generate_series(1, 20) order by value;\n"),
        ("(20 rows)", ""),
        LEAVE,
    ]);
    assert!(shown.contains("\n    20\n(20 rows)\n"), "{shown}");
}

#[test]
fn a_view_is_described_with_its_sql() {
    let shown = Terminal::new(120, 60).converse(&[
        (PROMPT, "\\d segment_stale\n"),
        (PROMPT, "\\d nothing_like_it\n"),
        ("error: no table", ""),
        LEAVE,
    ]);
    assert!(shown.contains("\nCustomerId  "), "{shown}");
    assert!(shown.contains("\nSQL of the view:\n-- "), "{shown}");
}

/// The editor gets the statement that ran last, or the one that is being typed.
#[test]
fn statements_are_edited() {
    let terminal = Terminal::new(80, 24);
    let editor = terminal.program("editor", "sed -i s/1/2/ \"$1\"\n");
    let editor = format!("sh '{}'", editor.display());
    let shown = terminal.with("EDITOR", &editor).converse(&[
        (PROMPT, "select 10 as a;\n"),
        ("(1 row)", ""),
        (PROMPT, "\\e\n"),
        ("(1 row)", ""),
        (PROMPT, "select 31\n"),
        (FURTHER, "as b;\n"),
        ("(1 row)", ""),
        (PROMPT, "select 1\n"),
        (FURTHER, "\\e\n"),
        ("select 2\n", ""),
        (FURTHER, "as c;\n"),
        ("(1 row)", ""),
        (PROMPT, "\\e\n"),
        ("nothing is run", ""),
        LEAVE,
    ]);
    assert!(shown.contains("\nselect 20 as a;\n  a\n----\n 20\n(1 row)\n"), "{shown}");
    assert!(shown.contains(" c\n---\n 2\n(1 row)\n"), "{shown}");
    // The text of the editor has no semicolon, so it is not run yet.
    let terminal = Terminal::new(80, 24);
    let editor = terminal.program("editor", "printf 'select 5\\n' > \"$1\"\n");
    let editor = format!("sh '{}'", editor.display());
    let shown = terminal.with("EDITOR", &editor).converse(&[
        (PROMPT, "\\e\n"),
        ("select 5\n", ""),
        (FURTHER, "+ 1 as d;\n"),
        ("(1 row)", ""),
        LEAVE,
    ]);
    assert!(shown.contains(" d\n---\n 6\n"), "{shown}");
    let shown =
        Terminal::new(80, 24).with("EDITOR", "false").converse(&[(PROMPT, "\\e\n"), ("error: ", ""), LEAVE]);
    assert!(
        shown.contains("error: the editor false has ended with exit status: 1; nothing is run; set EDITOR"),
        "{shown}"
    );
}

/// A statement is repeated until Ctrl-C.
#[test]
fn statements_are_watched() {
    let shown = Terminal::new(80, 24).converse(&[
        (PROMPT, "\\watch\n"),
        ("error: there is no statement for \\watch yet", ""),
        (PROMPT, "select 7 as a\n"),
        (FURTHER, "\\watch 0.05\n"),
        ("(every 0.05 s)", ""),
        ("(every 0.05 s)", ""),
        ("(every 0.05 s)", "\u{3}"),
        ("cancelled", ""),
        (PROMPT, "\\watch -1\n"),
        ("error: \\watch needs a number of seconds greater than 0, not -1", ""),
        (PROMPT, "select 8 as b;\n"),
        (" 8\n", ""),
        LEAVE,
    ]);
    assert!(shown.matches(" a\n---\n 7\n(1 row)\n").count() >= 2, "{shown}");
}
