//! The connection: made at the first use, given up after the first trouble.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use ::redis::cluster::{ClusterClient, ClusterConnection};
use ::redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo, SingleNodeRoutingInfo};
use ::redis::{
    Client, ClientTlsConfig, Cmd, Connection, ConnectionAddr, ConnectionInfo, ConnectionLike as _,
    ErrorKind, RedisConnectionInfo, ServerErrorKind, TlsCertificates, Value, cmd, from_redis_value,
};

use super::error::RedisError;
use super::options::{Mode, RedisOptions, at};

/// A script and the name the server knows it by.
pub(super) struct Script {
    code: &'static str,
    hash: String,
}

impl Script {
    pub(super) fn new(code: &'static str) -> Self {
        Self { code, hash: ::redis::Script::new(code).get_hash().to_owned() }
    }
}

/// One call of a script.
#[derive(Debug, Default)]
pub(super) struct Call {
    pub(super) keys: Vec<Vec<u8>>,
    pub(super) args: Vec<Vec<u8>>,
}

/// A connection that is there or not.
pub(super) struct Link {
    options: RedisOptions,
    connection: Option<Open>,
}

enum Open {
    One(Box<Connection>),
    Cluster(Box<ClusterConnection>),
}

/// What a command came to: an answer, or an error of the server about this command.
pub(super) type Answer = Result<Value, ::redis::RedisError>;

impl Link {
    pub(super) fn new(options: RedisOptions) -> Self {
        Self { options, connection: None }
    }

    pub(super) fn options(&self) -> &RedisOptions {
        &self.options
    }

    pub(super) fn is_cluster(&self) -> bool {
        self.options.mode == Mode::Cluster
    }

    /// Gives the connection up, so that the next call makes another.
    pub(super) fn close(&mut self) {
        self.connection = None;
    }

    /// Sorts an error by what is to be done about it.
    pub(super) fn error(&self, source: ::redis::RedisError) -> RedisError {
        RedisError::new(&self.options.address(), source)
    }

    pub(super) fn not_understood(&self) -> RedisError {
        RedisError::Answer { address: self.options.address(), source: None }
    }

    /// Runs a script several times, in one round trip where there is one server.
    ///
    /// Each call is answered for itself. An error of the connection is one of all of them: it is
    /// not known then which have run.
    pub(super) fn run(
        &mut self,
        script: &Script,
        calls: &[Call],
    ) -> Result<Vec<Answer>, RedisError> {
        let commands: Vec<Cmd> =
            calls.iter().map(|it| command("EVALSHA", &script.hash, it)).collect();
        let answers = self.ask(&commands)?;
        self.teach(script, calls, answers)
    }

    /// Does the same with calls that take time to make: the server works on one while the next is
    /// made.
    pub(super) fn run_as_made(
        &mut self,
        script: &Script,
        calls: impl Iterator<Item = Call>,
    ) -> Result<Vec<Answer>, RedisError> {
        if self.is_cluster() {
            return self.run(script, &calls.collect::<Vec<_>>());
        }
        let mut made = Vec::new();
        for call in calls {
            self.send(&command("EVALSHA", &script.hash, &call))?;
            made.push(call);
        }
        let mut answers = Vec::with_capacity(made.len());
        for _ in &made {
            answers.push(self.receive()?);
        }
        self.teach(script, &made, answers)
    }

    /// Lets those calls run that the server did not know the script of.
    fn teach(
        &mut self,
        script: &Script,
        calls: &[Call],
        mut answers: Vec<Answer>,
    ) -> Result<Vec<Answer>, RedisError> {
        for (answer, call) in answers.iter_mut().zip(calls) {
            // The server has never seen the script, or has forgotten it.
            if is_unknown_script(answer) {
                let again = self.ask(&[command("EVAL", script.code, call)])?;
                *answer = again.into_iter().next().ok_or_else(|| self.not_understood())?;
            }
        }
        Ok(answers)
    }

    /// Runs a script that changes nothing, and once more if the connection had broken meanwhile.
    pub(super) fn run_again(
        &mut self,
        script: &Script,
        calls: &[Call],
    ) -> Result<Vec<Answer>, RedisError> {
        let was_open = self.connection.is_some();
        match self.run(script, calls) {
            Err(RedisError::Unreachable { .. }) if was_open => self.run(script, calls),
            other => other,
        }
    }

    /// Returns what each server that takes writes says about itself, with its address.
    pub(super) fn info(&mut self) -> Result<Vec<(String, String)>, RedisError> {
        if self.is_cluster() {
            self.ask(&[cmd("PING")])?;
        }
        let Some(Open::Cluster(connection)) = &mut self.connection else {
            let answer = self.ask(&[cmd("INFO")])?.pop().ok_or_else(|| self.not_understood())?;
            let answer = answer.map_err(|source| self.error(source))?;
            let text = from_redis_value(answer).map_err(|_| self.not_understood())?;
            return Ok(vec![(self.options.address(), text)]);
        };
        let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let answer = connection.route_command(&cmd("INFO"), all);
        let answer = answer.map_err(|source| self.error(source))?;
        let texts: BTreeMap<String, String> =
            from_redis_value(answer).map_err(|_| self.not_understood())?;
        Ok(texts.into_iter().collect())
    }

    /// Finds the keys of a pattern on every server that takes writes.
    pub(super) fn scan(
        &mut self,
        pattern: &str,
        at_a_time: usize,
    ) -> Result<BTreeSet<String>, RedisError> {
        let servers: Vec<Option<String>> = if self.is_cluster() {
            self.info()?.into_iter().map(|(address, _)| Some(address)).collect()
        } else {
            vec![None]
        };
        let mut found = BTreeSet::new();
        for server in servers {
            let mut cursor = "0".to_owned();
            loop {
                let mut scan = cmd("SCAN");
                scan.arg(&cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(at_a_time);
                let answer = self.ask_server(server.as_deref(), &scan)?;
                let (next, keys): (String, Vec<Vec<u8>>) =
                    from_redis_value(answer).map_err(|_| self.not_understood())?;
                // Whatever else is there is no key of ours.
                found.extend(keys.into_iter().filter_map(|it| String::from_utf8(it).ok()));
                cursor = next;
                if cursor == "0" {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Asks one server of a Cluster, or the one there is.
    fn ask_server(&mut self, server: Option<&str>, command: &Cmd) -> Result<Value, RedisError> {
        let Some((host, port)) = server.and_then(|it| it.rsplit_once(':')) else {
            let answer = self.ask(std::slice::from_ref(command))?.pop();
            let answer = answer.ok_or_else(|| self.not_understood())?;
            return answer.map_err(|source| self.error(source));
        };
        let (host, port) = (host.to_owned(), port.parse().map_err(|_| self.not_understood())?);
        let by_address = SingleNodeRoutingInfo::ByAddress { host, port };
        let Some(Open::Cluster(connection)) = &mut self.connection else {
            return Err(self.not_understood());
        };
        let answer = connection.route_command(command, RoutingInfo::SingleNode(by_address));
        answer.map_err(|source| self.error(source))
    }

    /// Sends a command to the one server there is, and does not wait for its answer.
    fn send(&mut self, command: &Cmd) -> Result<(), RedisError> {
        if self.connection.is_none() {
            self.connection = Some(connect(&self.options)?);
        }
        let Some(Open::One(connection)) = &mut self.connection else {
            return Err(self.not_understood());
        };
        let sent = connection.send_packed_command(&command.get_packed_command());
        self.or_close(sent)
    }

    /// Waits for the next answer.
    fn receive(&mut self) -> Result<Answer, RedisError> {
        let Some(Open::One(connection)) = &mut self.connection else {
            return Err(self.not_understood());
        };
        let received = connection.recv_response().map(Value::extract_error);
        self.or_close(received)
    }

    /// Gives the connection up after an error.
    fn or_close<T>(&mut self, result: ::redis::RedisResult<T>) -> Result<T, RedisError> {
        result.map_err(|source| {
            self.close();
            self.error(source)
        })
    }

    /// Sends commands, and returns the answers in the same order.
    pub(super) fn ask(&mut self, commands: &[Cmd]) -> Result<Vec<Answer>, RedisError> {
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        if self.connection.is_none() {
            self.connection = Some(connect(&self.options)?);
        }
        let Some(connection) = &mut self.connection else { return Err(self.not_understood()) };
        let answers = match connection {
            Open::One(it) => ask_one(it, commands),
            Open::Cluster(it) => ask_cluster(it, commands),
        };
        answers.map_err(|source| {
            self.close();
            self.error(source)
        })
    }
}

fn command(verb: &str, script: &str, call: &Call) -> Cmd {
    let mut command = cmd(verb);
    command.arg(script).arg(call.keys.len()).arg(&call.keys).arg(&call.args);
    command
}

fn is_unknown_script(answer: &Answer) -> bool {
    let no_script = ErrorKind::Server(ServerErrorKind::NoScript);
    answer.as_ref().is_err_and(|it| it.kind() == no_script)
}

fn ask_one(connection: &mut Connection, commands: &[Cmd]) -> ::redis::RedisResult<Vec<Answer>> {
    let bytes = commands.iter().map(Cmd::get_packed_command).collect::<Vec<_>>().concat();
    connection.send_packed_command(&bytes)?;
    commands.iter().map(|_| Ok(connection.recv_response()?.extract_error())).collect()
}

/// The library goes to the right node and follows slots that move.
fn ask_cluster(
    connection: &mut ClusterConnection,
    commands: &[Cmd],
) -> ::redis::RedisResult<Vec<Answer>> {
    let mut answers = Vec::with_capacity(commands.len());
    for command in commands {
        answers.push(match connection.req_command(command) {
            Ok(value) => Ok(value.extract_error()),
            Err(error) if is_of_the_command(&error) => Ok(Err(error)),
            Err(error) => Err(error),
        }?);
    }
    Ok(answers)
}

/// Returns whether an error is an answer to the command, and the connection is as it was.
fn is_of_the_command(error: &::redis::RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension)
}

fn connect(options: &RedisOptions) -> Result<Open, RedisError> {
    match &options.mode {
        Mode::Standalone => {
            let node =
                options.nodes.first().ok_or(RedisError::Address { reason: "it is empty" })?;
            connect_to(options, node, &options.login).map(|it| Open::One(Box::new(it)))
        }
        Mode::Sentinel { master } => connect_to_primary(options, master),
        Mode::Cluster => connect_to_cluster(options).map(|it| Open::Cluster(Box::new(it))),
    }
}

/// Connects to one server, with a bound on everything it may take.
fn connect_to(
    options: &RedisOptions,
    node: &ConnectionInfo,
    login: &RedisConnectionInfo,
) -> Result<Connection, RedisError> {
    let node = node.clone().set_redis_settings(login.clone());
    let error = |source| RedisError::new(&node.addr().to_string(), source);
    let client = match certificates(options, node.addr())? {
        Some(certificates) => Client::build_with_tls(node.clone(), certificates),
        None => Client::open(node.clone()),
    };
    let connect = |client: Client| {
        let connection = client.get_connection_with_timeout(options.connect_timeout)?;
        connection.set_read_timeout(Some(options.response_timeout))?;
        connection.set_write_timeout(Some(options.response_timeout))?;
        Ok(connection)
    };
    client.and_then(connect).map_err(error)
}

/// Asks the Sentinels in turn, and believes the server rather than them.
///
/// The library can ask Sentinels too, but waits for their answers without a bound.
fn connect_to_primary(options: &RedisOptions, master: &str) -> Result<Open, RedisError> {
    let mut trouble = None;
    for sentinel in &options.nodes {
        match primary_of(options, sentinel, master) {
            Ok(Some(primary)) => match connect_to(options, &primary, &options.login) {
                Ok(mut connection) => {
                    if is_primary(&mut connection) {
                        return Ok(Open::One(Box::new(connection)));
                    }
                }
                Err(error) => trouble = Some(error),
            },
            Ok(None) => {}
            Err(error) => trouble = Some(error),
        }
    }
    Err(trouble.unwrap_or_else(|| RedisError::NoPrimary {
        address: options.address(),
        master: master.to_owned(),
    }))
}

fn primary_of(
    options: &RedisOptions,
    sentinel: &ConnectionInfo,
    master: &str,
) -> Result<Option<ConnectionInfo>, RedisError> {
    let mut connection = connect_to(options, sentinel, &options.sentinel_login)?;
    let found: Option<(String, u16)> = cmd("SENTINEL")
        .arg("GET-MASTER-ADDR-BY-NAME")
        .arg(master)
        .query(&mut connection)
        .map_err(|source| RedisError::new(&sentinel.addr().to_string(), source))?;
    Ok(found.map(|(host, port)| at(sentinel, host, port)))
}

fn is_primary(connection: &mut Connection) -> bool {
    let role = connection.req_command(&cmd("ROLE"));
    let Ok(Value::Array(mut role)) = role else { return false };
    if role.is_empty() {
        return false;
    }
    from_redis_value::<String>(role.swap_remove(0)).is_ok_and(|it| it == "master")
}

fn connect_to_cluster(options: &RedisOptions) -> Result<ClusterConnection, RedisError> {
    let error = |source| RedisError::new(&options.address(), source);
    let mut nodes = options.nodes.clone();
    for node in &mut nodes {
        *node = node.clone().set_redis_settings(options.login.clone());
    }
    let certificates = nodes.first().map(|it| certificates(options, it.addr())).transpose()?;
    let mut builder = ClusterClient::builder(nodes)
        .connection_timeout(options.connect_timeout)
        .response_timeout(options.response_timeout)
        // Enough to follow a slot that moves and a node that is new; whoever calls waits longer.
        .retries(3)
        .min_retry_wait(10)
        .max_retry_wait(200);
    if let Some(certificates) = certificates.flatten() {
        builder = builder.certs(certificates);
    }
    builder.build().and_then(|it| it.get_connection()).map_err(error)
}

/// Reads the files for TLS, if the address asks for TLS.
fn certificates(
    options: &RedisOptions,
    address: &ConnectionAddr,
) -> Result<Option<TlsCertificates>, RedisError> {
    if !matches!(address, ConnectionAddr::TcpTls { .. }) {
        return Ok(None);
    }
    use_ring();
    let read = |path: &std::path::PathBuf| {
        fs::read(path).map_err(|source| RedisError::File { path: path.clone(), source })
    };
    let root_cert = options.tls.ca.as_ref().map(read).transpose()?;
    let client_tls = match &options.tls.certificate {
        Some((certificate, key)) => {
            Some(ClientTlsConfig { client_cert: read(certificate)?, client_key: read(key)? })
        }
        None => None,
    };
    Ok(Some(TlsCertificates { client_tls, root_cert }))
}

/// Says which cryptography TLS is done with, unless the application has said so.
///
/// The library asks for the one of the process, and there is none by itself if the application
/// was built with two.
fn use_ring() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Somebody else may have been faster, which is as well.
        drop(rustls::crypto::ring::default_provider().install_default());
    }
}
