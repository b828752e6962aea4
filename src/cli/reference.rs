//! `twostep reference`: the page docs/cli.md.

/// What docs/cli.md begins with.
const REFERENCE: &str = "# Commands\n\nMade from the program: `twostep help COMMAND` says the same. Commands that ask or tell a running gateway use its operator's\naddress: `--url`, or `operator.address` of the configuration; and its token: `--token-file`, or `operator.token_file`. Each failure is one line on standard error that says what to do next. The exit\ncode is 0 when all went well, 1 when it did not (also when `doctor` or `migrate --check` found something to do), and 2 when the\narguments mean nothing.\n";

/// The whole page: what each command of `root` says of itself.
#[must_use]
pub fn page(mut root: clap::Command) -> String {
    root.build();
    let mut page = String::from(REFERENCE);
    describe(&mut root, "twostep", &mut page);
    page
}

/// Adds a command and those below it.
fn describe(command: &mut clap::Command, name: &str, page: &mut String) {
    page.push_str(&format!("\n## `{name}`\n\n```text\n{}```\n", plain(&command.render_long_help().to_string())));
    for below in command.get_subcommands_mut().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
        let name = format!("{name} {}", below.get_name());
        describe(below, &name, page);
    }
}

/// Without white space at the ends of lines.
fn plain(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
