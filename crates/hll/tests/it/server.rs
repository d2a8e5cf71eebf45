//! A `redis-server` of our own for one test, and the few words of its protocol the tests need.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::{env, fs, io, process};

/// A running server and one connection to it. Dropping it stops the server, also in a panic.
pub(crate) struct Server {
    // Declared first, so that the connection is closed before the server is stopped.
    connection: BufReader<TcpStream>,
    _process: Process,
}

struct Process {
    child: Child,
    directory: PathBuf,
}

/// What a command answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Text(String),
    Error(String),
    Integer(i64),
    Bytes(Option<Vec<u8>>),
}

impl Server {
    /// Starts a server, or says loudly that the test is skipped because there is none.
    ///
    /// On a CI machine a missing server is a failure: a proof that never runs is none.
    pub(crate) fn start() -> Option<Self> {
        // A port found free may be taken before the server binds it; then the next is tried.
        for _ in 0..5 {
            let port = free_port();
            let process = match Process::start(port) {
                Ok(Some(process)) => process,
                Ok(None) => continue,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    assert!(env::var_os("CI").is_none(), "redis-server is not installed");
                    report_skip();
                    return None;
                }
                Err(error) => panic!("cannot start redis-server: {error}"),
            };
            let connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
            connection.set_nodelay(true).unwrap();
            return Some(Self { connection: BufReader::new(connection), _process: process });
        }
        panic!("no redis-server started on any of five free ports");
    }

    /// Sends one command and reads its answer.
    pub(crate) fn call(&mut self, words: &[&[u8]]) -> Reply {
        let mut command = Vec::new();
        write_command(&mut command, words);
        self.connection.get_mut().write_all(&command).unwrap();
        self.read_reply()
    }

    /// Adds elements as `PFADD` does, many to a command, and says whether a register was raised.
    pub(crate) fn add<E: AsRef<[u8]>>(&mut self, key: &str, elements: &[E]) -> bool {
        let mut words: Vec<&[u8]> = vec![b"PFADD", key.as_bytes()];
        words.extend(elements.iter().map(AsRef::as_ref));
        match self.call(&words) {
            Reply::Integer(raised) => raised == 1,
            other => panic!("PFADD answered {other:?}"),
        }
    }

    /// Returns the string under `key`.
    pub(crate) fn get(&mut self, key: &str) -> Vec<u8> {
        match self.call(&[b"GET", key.as_bytes()]) {
            Reply::Bytes(Some(bytes)) => bytes,
            other => panic!("GET answered {other:?}"),
        }
    }

    pub(crate) fn set(&mut self, key: &str, bytes: &[u8]) {
        let reply = self.call(&[b"SET", key.as_bytes(), bytes]);
        assert_eq!(reply, Reply::Text("OK".to_owned()));
    }

    /// Counts the union of `keys` without touching any cached count.
    ///
    /// `PFCOUNT` of one key writes to it, so a key that does not exist always comes along.
    pub(crate) fn count(&mut self, keys: &[&str]) -> u64 {
        let mut words: Vec<&[u8]> = vec![b"PFCOUNT", b"a key that does not exist"];
        words.extend(keys.iter().map(|key| key.as_bytes()));
        match self.call(&words) {
            // An infinite estimate comes back as the lowest number there is.
            Reply::Integer(count) => count.cast_unsigned(),
            other => panic!("PFCOUNT answered {other:?}"),
        }
    }

    pub(crate) fn merge(&mut self, target: &str, sources: &[&str]) {
        let mut words: Vec<&[u8]> = vec![b"PFMERGE", target.as_bytes()];
        words.extend(sources.iter().map(|key| key.as_bytes()));
        assert_eq!(self.call(&words), Reply::Text("OK".to_owned()));
    }

    pub(crate) fn delete_all(&mut self) {
        assert_eq!(self.call(&[b"FLUSHALL"]), Reply::Text("OK".to_owned()));
    }

    fn read_reply(&mut self) -> Reply {
        let mut line = String::new();
        self.connection.read_line(&mut line).unwrap();
        let (kind, rest) = line.trim_end().split_at(1);
        match kind {
            "+" => Reply::Text(rest.to_owned()),
            "-" => Reply::Error(rest.to_owned()),
            ":" => Reply::Integer(rest.parse().unwrap()),
            "$" => Reply::Bytes(usize::try_from(rest.parse::<i64>().unwrap()).ok().map(|len| {
                let mut bytes = vec![0; len + 2];
                self.connection.read_exact(&mut bytes).unwrap();
                bytes.truncate(len);
                bytes
            })),
            _ => panic!("unexpected reply {line:?}"),
        }
    }
}

impl Process {
    /// Starts a server and waits until it says that it is ready; `None` if it ended before.
    fn start(port: u16) -> io::Result<Option<Self>> {
        let name = format!("internal-events-hll-{}-{port}", process::id());
        let directory = env::temp_dir().join(name);
        fs::create_dir_all(&directory)?;
        let port = port.to_string();
        let child = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .arg("--dir")
            .arg(&directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .inspect_err(|_| drop(fs::remove_dir_all(&directory)))?;
        let mut process = Self { child, directory };
        let output = BufReader::new(process.child.stdout.take().expect("the output is piped"));
        let mut lines = output.lines().map_while(Result::ok);
        let is_ready = lines.any(|line| line.contains("Ready to accept connections"));
        // What it says later is little and fits into the pipe, which must stay open until then.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(is_ready.then_some(process))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing can be done about a failure here, and a second panic would hide the first.
        drop(self.child.kill());
        drop(self.child.wait());
        drop(fs::remove_dir_all(&self.directory));
    }
}

/// Writes past the harness, which shows what a test prints only if the test fails.
fn report_skip() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let line = b"SKIPPED: redis-server is not installed, nothing was compared with Redis\n";
        io::stderr().write_all(line).unwrap();
    });
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

fn write_command(out: &mut Vec<u8>, words: &[&[u8]]) {
    write!(out, "*{}\r\n", words.len()).unwrap();
    for word in words {
        write!(out, "${}\r\n", word.len()).unwrap();
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
}
