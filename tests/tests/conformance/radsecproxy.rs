//! Runs `radsecproxy`: it takes datagrams from `radclient` and asks our server over TLS.

use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use actions::network::issue_certificate::IssuedToRouter;
use certificates::pem;
use tempfile::TempDir;
use tests::free::free_addresses;

/// Where Debian puts it; not in everybody's path.
const PROGRAM: &str = "/usr/sbin/radsecproxy";

/// What `radclient` and the proxy share.
pub(crate) const SECRET: &str = "between-the-two";

/// A proxy that runs until it is dropped.
pub(crate) struct Proxy {
    child: Child,
    /// Where it takes datagrams, for logins and accounting alike.
    pub(crate) address: SocketAddr,
    place: TempDir,
}

impl Proxy {
    /// Starts a proxy that shows this certificate to the server there.
    pub(crate) fn start(server: SocketAddr, issued: &IssuedToRouter) -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let path = |name: &str| place.path().join(name);
        fs::write(path("ca.crt"), pem::certificate(&issued.authority)).expect("written");
        fs::write(path("router.crt"), pem::certificate(&issued.issued.certificate)).expect("written");
        fs::write(path("router.key"), pem::private_key(issued.issued.key.expose()).expose()).expect("written");
        let [address] = free_addresses().expect("a free port");
        let directory = place.path().display();
        let config = format!(
            "ListenUDP {address}\n\
             LogLevel 1\n\
             LogDestination file://{directory}/log\n\
             tls ours {{\n\
             CACertificateFile {directory}/ca.crt\n\
             CertificateFile {directory}/router.crt\n\
             CertificateKeyFile {directory}/router.key\n\
             }}\n\
             client 127.0.0.1 {{\n type udp\n secret {SECRET}\n}}\n\
             server 127.0.0.1 {{\n type tls\n port {}\n tls ours\n secret radsec\n}}\n\
             realm * {{\n server 127.0.0.1\n accountingServer 127.0.0.1\n}}\n",
            server.port()
        );
        fs::write(path("config"), config).expect("written");
        let child = Command::new(PROGRAM)
            .args(["-f", "-c", &path("config").display().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("radsecproxy is installed (Debian's package of that name; `make test` installs it)");
        Self { child, address, place }
    }

    /// All that it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.place.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
