//! Devices whose keys, and whose opening of what was sealed, are libraries' that nobody here wrote.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::python::{test_python, test_tools};

/// In which language.
#[derive(Debug, Clone, Copy)]
pub enum Language {
    Python,
    Node,
}

/// A device.
pub struct Oracle {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Its keys, as it gives them to the gateway.
    pub keys: Value,
}

impl Oracle {
    pub fn start(language: Language) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ladder/oracles");
        let mut command = match language {
            Language::Python => Command::new(test_python()),
            Language::Node => Command::new("node"),
        };
        match language {
            Language::Python => command.arg(folder.join("web_push.py")),
            Language::Node => command.arg(folder.join("web_push.mjs")),
        };
        command.env("ORACLE_MODULES", test_tools().join("node")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("scripts/install-test-tools installs it");
        let questions = process.stdin.take().expect("it is piped");
        let answers = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut oracle = Self { process, questions, answers, keys: Value::Null };
        oracle.keys = oracle.ask(&json!({ "do": "keys" }));
        oracle
    }

    /// What was sealed for it, opened.
    pub fn open(&mut self, body: &[u8]) -> Value {
        let opened = self.ask(&json!({ "do": "open", "body": URL_SAFE_NO_PAD.encode(body) }));
        serde_json::from_str(opened["content"].as_str().expect("a text")).expect("JSON")
    }

    /// The same of a field of text.
    pub fn open_text(&mut self, sealed: &str) -> Value {
        self.open(&URL_SAFE_NO_PAD.decode(sealed).expect("base64url"))
    }

    /// Whether an `Authorization` header of VAPID verifies.
    pub fn takes(&mut self, authorization: &str) -> bool {
        self.ask(&json!({ "do": "vapid", "authorization": authorization }))["good"].as_bool().expect("a word")
    }

    fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.questions, "{question}").expect("it reads");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
