//! Runs pppd's own RADIUS plugin, without a kernel that has PPP: `pppd_host.c` stands in for pppd.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tests::world::Isp;

/// What the plugin knows of attributes: it reads those of an answer by this list.
const DICTIONARY: &[(&str, u8, &str)] = &[
    ("User-Name", 1, "string"),
    ("User-Password", 2, "string"),
    ("CHAP-Password", 3, "string"),
    ("NAS-IP-Address", 4, "ipaddr"),
    ("NAS-Port", 5, "integer"),
    ("Service-Type", 6, "integer"),
    ("Framed-Protocol", 7, "integer"),
    ("Framed-IP-Address", 8, "ipaddr"),
    ("Reply-Message", 18, "string"),
    ("Class", 25, "string"),
    ("Session-Timeout", 27, "integer"),
    ("Calling-Station-Id", 31, "string"),
    ("NAS-Identifier", 32, "string"),
    ("Acct-Status-Type", 40, "integer"),
    ("Acct-Delay-Time", 41, "integer"),
    ("Acct-Input-Octets", 42, "integer"),
    ("Acct-Output-Octets", 43, "integer"),
    ("Acct-Session-Id", 44, "string"),
    ("Acct-Authentic", 45, "integer"),
    ("Acct-Session-Time", 46, "integer"),
    ("Acct-Input-Packets", 47, "integer"),
    ("Acct-Output-Packets", 48, "integer"),
    ("Acct-Terminate-Cause", 49, "integer"),
    ("CHAP-Challenge", 60, "string"),
    ("NAS-Port-Type", 61, "integer"),
    ("Message-Authenticator", 80, "string"),
    ("Acct-Interim-Interval", 85, "integer"),
];

/// The same of Microsoft.
const DICTIONARY_OF_MICROSOFT: &[(&str, u8)] = &[
    ("MS-CHAP-Error", 2),
    ("MS-CHAP-Challenge", 11),
    ("MS-MPPE-Send-Key", 16),
    ("MS-MPPE-Recv-Key", 17),
    ("MS-CHAP2-Response", 25),
    ("MS-CHAP2-Success", 26),
];

/// A line concentrator with pppd's plugin in it.
pub(crate) struct Concentrator {
    place: TempDir,
    plugin: PathBuf,
}

/// What came of one line, as `pppd_host` prints it.
#[derive(Debug)]
pub(crate) struct Line {
    printed: String,
}

impl Line {
    /// What stands behind a word.
    pub(crate) fn value(&self, word: &str) -> &str {
        let line = self.printed.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(' '));
        line.unwrap_or_default()
    }
}

impl Concentrator {
    /// Builds the stand-in and points the plugin at an ISP's server.
    pub(crate) fn of(isp: &Isp) -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let path = |name: &str| place.path().join(name).display().to_string();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/pppd_host.c");
        let built = Command::new("cc")
            .args(["-O1", "-rdynamic", "-o", &path("host"), &source.display().to_string()])
            // The plugin takes MD5 from whoever loads it.
            .args(["-Wl,--no-as-needed", "-l:libcrypto.so.3", "-ldl"])
            .output()
            .expect("a C compiler is installed (Debian's package build-essential)");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let mut dictionary = String::new();
        for (name, number, kind) in DICTIONARY {
            writeln!(dictionary, "ATTRIBUTE {name} {number} {kind}").expect("written");
        }
        writeln!(dictionary, "VENDOR Microsoft 311").expect("written");
        for (name, number) in DICTIONARY_OF_MICROSOFT {
            writeln!(dictionary, "ATTRIBUTE {name} {number} string Microsoft").expect("written");
        }
        let server = |port: SocketAddr| format!("127.0.0.1:{}", port.port());
        let config = format!(
            "auth_order radius\nlogin_tries 1\nlogin_timeout 60\nnologin /nonexistent\nissue /nonexistent\n\
             authserver {}\nacctserver {}\nservers {}\ndictionary {}\nlogin_radius /nonexistent\nseqfile {}\n\
             mapfile {}\ndefault_realm\nradius_timeout 5\nradius_retries 2\nlogin_local /nonexistent\n",
            server(isp.router.auth),
            server(isp.router.acct),
            path("servers"),
            path("dictionary"),
            path("sequence"),
            path("map"),
        );
        fs::write(path("servers"), format!("127.0.0.1 {}\n", isp.router.secret)).expect("written");
        fs::write(path("dictionary"), dictionary).expect("written");
        fs::write(path("map"), "").expect("written");
        fs::write(path("config"), config).expect("written");
        Self { plugin: plugin(), place }
    }

    /// One line from its login to its end.
    pub(crate) fn line(&self, arguments: &[&str]) -> Line {
        let output = Command::new(self.place.path().join("host"))
            .arg(&self.plugin)
            .arg(self.place.path().join("config"))
            .args(arguments)
            .output()
            .expect("it runs");
        Line { printed: String::from_utf8_lossy(&output.stdout).into_owned() }
    }
}

/// Where Debian puts the plugin: in a directory named after pppd's version.
fn plugin() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/pppd").into_iter().flatten().filter_map(Result::ok);
    let found = versions.map(|version| version.path().join("radius.so")).find(|plugin| plugin.exists());
    found.expect("pppd's RADIUS plugin is installed (Debian's package ppp; `make test` installs it)")
}
