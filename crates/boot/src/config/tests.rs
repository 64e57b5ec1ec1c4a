//! Settings: layers, and everything that can be wrong with them.

use std::fs;

use super::*;

/// A directory to put files into, which is the data directory too.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, text: &str) -> &Self {
        fs::write(self.0.path().join("mnetifi.toml"), text).unwrap();
        self
    }

    fn load(&self, variables: &[(&str, &str)]) -> Result<Config, Faults> {
        let mut environment: Environment = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        environment.entry("MNETIFI_DATA".to_owned()).or_insert_with(|| self.0.path().display().to_string());
        Config::load(&Overrides::default(), &environment)
    }

    fn faults(&self, variables: &[(&str, &str)]) -> String {
        self.load(variables).unwrap_err().to_string().replace(&self.0.path().display().to_string(), "DATA")
    }
}

#[test]
fn without_any_setting_the_defaults_hold() {
    let config = Place::new().load(&[]).unwrap();

    assert_eq!(config.database, Database::Private { bin: None });
    assert_eq!(config.radius.auth, ["0.0.0.0:1812".parse().unwrap()]);
    assert_eq!(config.radius.acct, ["0.0.0.0:1813".parse().unwrap()]);
    assert!(config.radius.radsec.is_empty() && config.radius.radsec_names.is_empty(), "RadSec is off");
    assert_eq!(config.metrics.listen, "127.0.0.1:9812".parse().unwrap());
    assert_eq!((config.accounting.interim_seconds, config.slots.reserve_seconds), (300, 60));
    assert_eq!((config.decisions.days, config.decisions.megabytes_max), (30, 1_024));
    assert_eq!(config.journal.megabytes_max, 1_024);
    assert_eq!((config.book.rights_max, config.book.snapshot_seconds, config.book.snapshot_hours), (1_000_000, 60, 72));
    assert_eq!((config.guard.tries_per_minute, config.guard.status_per_second_all), (10, 100));
    assert_eq!(config.radius.extra_pairs, []);
    assert_eq!(config.log, Log { level: Level::INFO, format: LogFormat::Text, filter: None });
    assert_eq!(config.file, None);
}

#[test]
fn the_file_in_the_data_directory_is_read() {
    let place = Place::new();
    place.file("[radius]\nauth = [\"127.0.0.1:1\", \"[::1]:1\"]\nworkers = 3\n[log]\nformat = \"json\"\n");

    let config = place.load(&[]).unwrap();

    assert_eq!(config.radius.auth.len(), 2);
    assert_eq!(config.radius.workers.get(), 3);
    assert_eq!(config.log.format, LogFormat::Json);
    assert!(config.file.is_some());
}

#[test]
fn ports_of_single_routers_are_named_by_pairs_and_ranges() {
    let pairs = |text: &str| {
        let loaded = Place::new().load(&[("MNETIFI_RADIUS_EXTRA_PORTS", text)]);
        loaded.map(|config| config.radius.extra_pairs.iter().map(|pair| pair.auth()).collect::<Vec<_>>())
    };

    assert_eq!(pairs("20000").unwrap(), [20_000]);
    assert_eq!(pairs("20000-20005, 30000-30001").unwrap(), [20_000, 20_002, 20_004, 30_000]);
    for (bad, why) in [
        ("20000-20002", "does not hold whole pairs"),
        ("20005-20000", "does not hold whole pairs"),
        ("tower", "neither a port nor a range"),
        ("20000,20001", "names port 20001 twice"),
        ("1811", "which `radius.auth` or `radius.acct` has already"),
        ("20000-20199", "names more than 64 pairs"),
    ] {
        let faults = pairs(bad).unwrap_err().to_string();
        assert!(faults.contains(why), "{bad}: {faults}");
    }
}

#[test]
fn the_environment_is_stronger_than_the_file_and_the_command_line_than_both() {
    let place = Place::new();
    place.file("slots.reserve_seconds = 20\naccounting.interim_seconds = 100\nlog.level = \"warn\"\n");
    let environment = [
        ("MNETIFI_DATA", place.0.path().to_str().unwrap()),
        ("MNETIFI_ACCOUNTING_INTERIM_SECONDS", "200"),
        ("MNETIFI_LOG_LEVEL", "debug"),
    ];
    let environment = environment.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let overrides = Overrides::default()
        .option("--log-level", "log.level", Some("error"))
        .option("--metrics", "metrics.listen", None::<String>)
        .default_of("slots.reserve_seconds", "30")
        .default_of("radius.auth", "127.0.0.1:18120");

    let config = Config::load(&overrides, &environment).unwrap();

    assert_eq!(config.slots.reserve_seconds, 20);
    assert_eq!(config.accounting.interim_seconds, 200);
    assert_eq!(config.log.level, Level::ERROR);
    assert_eq!(config.radius.auth, ["127.0.0.1:18120".parse().unwrap()]);
}

#[test]
fn all_faults_are_told_at_once_each_with_its_line_and_an_example() {
    let place = Place::new();
    place.file("colour = 1\n\n[radius]\nauth = \"0.0.0.0\"\nworkers = \"many\"\n[slots]\nreserve_seconds = 5\n");

    let faults = place.faults(&[("MNETIFI_METRICS", "9812"), ("MNETIFI_RADIUS_ATUH", "x")]);

    assert!(faults.starts_with("6 things are wrong with the settings:\n  1. "), "{faults}");
    for part in [
        "`colour` (DATA/mnetifi.toml:1): is not a setting; known here are `data`",
        "`radius.auth` (DATA/mnetifi.toml:4): `0.0.0.0` has no port; right would be: radius.auth = [\"0.0.0.0:1812\"]",
        "`radius.workers` (DATA/mnetifi.toml:5): `many` is not a whole number",
        "`slots.reserve_seconds` (DATA/mnetifi.toml:7): 5 is not between 10 and 600",
        "`metrics.listen` (variable MNETIFI_METRICS): `9812` has no address",
        "`MNETIFI_RADIUS_ATUH` (variable MNETIFI_RADIUS_ATUH): is not a setting",
    ] {
        assert!(faults.contains(part), "{part}\n-- is not in --\n{faults}");
    }
}

#[test]
fn a_journal_that_is_too_small_is_refused() {
    let faults = Place::new().faults(&[("MNETIFI_JOURNAL_MEGABYTES_MAX", "15")]);

    assert!(faults.contains("`journal.megabytes_max` (variable MNETIFI_JOURNAL_MEGABYTES_MAX): 15 is not"), "{faults}");
}

#[test]
fn a_file_that_is_no_toml_is_told_with_its_line() {
    let place = Place::new();
    place.file("data = \"x\"\nradius = = 1\n");

    let faults = place.faults(&[]);

    assert!(faults.contains("(DATA/mnetifi.toml:2): is not TOML here"), "{faults}");
}

#[test]
fn a_file_that_was_asked_for_must_be_there() {
    let faults = Place::new().faults(&[("MNETIFI_CONFIG", "/nowhere/mnetifi.toml")]);

    assert!(faults.contains("`/nowhere/mnetifi.toml` (variable MNETIFI_CONFIG): cannot be read"), "{faults}");
}

#[test]
fn a_table_in_the_place_of_a_value_and_a_value_in_the_place_of_a_table_are_faults() {
    let place = Place::new();
    place.file("radius = 1\n[log.level]\nx = 1\n");

    let faults = place.faults(&[]);

    assert!(faults.contains("`radius` (DATA/mnetifi.toml:1): must be a table with `auth`, `acct`"), "{faults}");
    assert!(faults.contains("`log.level` (DATA/mnetifi.toml:2): must be a text in quotes, not a table"), "{faults}");
}

#[test]
fn addresses_that_cannot_be_bound_together_are_refused() {
    let place = Place::new();

    let faults = place.faults(&[("MNETIFI_RADIUS_AUTH", "127.0.0.1:1812, 0.0.0.0:1813")]);

    assert!(
        faults.contains("`radius.acct` (default): `0.0.0.0:1813` clashes with `0.0.0.0:1813` of `radius.auth`"),
        "{faults}"
    );
    assert!(place.load(&[("MNETIFI_RADIUS_AUTH", "127.0.0.1:0"), ("MNETIFI_RADIUS_ACCT", "127.0.0.1:0")]).is_ok());
}

#[test]
fn a_database_url_comes_from_a_variable_or_a_file_but_not_both() {
    let place = Place::new();
    let file = place.0.path().join("url");
    fs::write(&file, "postgres://a:s3cret@db/x\n").unwrap();
    let file = file.display().to_string();

    let direct = place.load(&[("DATABASE_URL", "postgres://a:s3cret@db/x")]).unwrap();
    let in_file = place.load(&[("MNETIFI_DATABASE_URL_FILE", file.as_str())]).unwrap();
    let both =
        place.faults(&[("DATABASE_URL", "postgres://a:s3cret@db/x"), ("MNETIFI_DATABASE_URL_FILE", file.as_str())]);

    assert_eq!(direct.database, in_file.database);
    assert!(!format!("{direct:?}").contains("s3cret"));
    assert!(both.contains("leave one of them out") && !both.contains("s3cret"), "{both}");
}

#[test]
fn a_wrong_database_url_is_not_repeated() {
    let faults = Place::new().faults(&[("DATABASE_URL", "mysql://a:s3cret@db/x")]);

    assert!(faults.contains("`database_url` (variable DATABASE_URL): does not begin with postgres://"), "{faults}");
    assert!(!faults.contains("s3cret"), "{faults}");
}

#[test]
fn a_log_filter_is_checked_before_it_is_used() {
    let faults = Place::new().faults(&[("MNETIFI_LOG_FILTER", "radiusd=loud")]);

    assert!(faults.contains("`log.filter` (variable MNETIFI_LOG_FILTER): is not understood"), "{faults}");
}

#[test]
fn every_example_is_right() {
    for key in keys::KEYS {
        // This one is only right where the file is.
        if key.name == "database_url_file" {
            continue;
        }
        let place = Place::new();
        // These are not right alone.
        let pairs = [
            ("radius.radsec", "radius.radsec_names"),
            ("api.cert", "api.key"),
            ("api.key", "api.cert"),
            ("portal.cert", "portal.key"),
            ("portal.key", "portal.cert"),
            ("mail.host", "mail.from"),
            ("mail.user", "mail.password_file"),
            ("mail.password_file", "mail.user"),
        ];
        let beside = pairs.into_iter().find(|(name, _)| *name == key.name);
        let beside = beside.map_or_else(String::new, |(_, beside)| keys::example(beside));
        place.file(&format!("{}\n{beside}\n", keys::example(key.name)));

        assert!(place.load(&[]).is_ok(), "{}: {}", key.name, place.faults(&[]));
    }
}

#[test]
fn a_certificate_of_the_api_needs_its_key_and_proxies_are_addresses_or_networks() {
    let place = Place::new();

    let config = place.load(&[
        ("MNETIFI_API_CERT", "/etc/api.pem"),
        ("MNETIFI_API_KEY", "/etc/api.key"),
        ("MNETIFI_API_DOMAIN", "ISP.example."),
        ("MNETIFI_API_TRUSTED_PROXIES", "10.0.0.2, 2001:db8::/64"),
    ]);
    let api = config.unwrap().api;
    let faults = |set: &[(&str, &str)]| place.faults(set);

    assert_eq!(api.tls, Some(("/etc/api.pem".into(), "/etc/api.key".into())));
    assert_eq!(api.domain.as_deref(), Some("isp.example"));
    assert_eq!(api.trusted_proxies, ["10.0.0.2/32".parse().unwrap(), "2001:db8::/64".parse().unwrap()]);
    assert!(faults(&[("MNETIFI_API_CERT", "/etc/api.pem")]).contains("`api.key`"));
    assert!(faults(&[("MNETIFI_API_KEY", "/etc/api.key")]).contains("`api.cert`"));
    assert!(faults(&[("MNETIFI_API_DOMAIN", "two words")]).contains("no name of DNS"));
    assert!(faults(&[("MNETIFI_API_TRUSTED_PROXIES", "proxy")]).contains("neither an address nor a network"));
}

#[test]
fn radsec_needs_the_names_that_its_certificate_is_to_say() {
    let place = Place::new();

    let config = place.load(&[
        ("MNETIFI_RADIUS_RADSEC", "0.0.0.0:2083,[::1]:2083"),
        ("MNETIFI_RADIUS_RADSEC_NAMES", "192.0.2.10, radius.example.net, 2001:db8::1"),
    ]);
    let nameless = place.faults(&[("MNETIFI_RADIUS_RADSEC", "0.0.0.0:2083")]);
    let bad = place.faults(&[("MNETIFI_RADIUS_RADSEC_NAMES", "two words")]);

    let radius = config.unwrap().radius;
    assert_eq!(radius.radsec.len(), 2);
    assert_eq!(radius.radsec_names, ["192.0.2.10", "radius.example.net", "2001:db8::1"]);
    assert!(nameless.contains("radius.radsec_names") && nameless.contains("is missing"), "{nameless}");
    assert!(bad.contains("`two words` is neither an address nor a name of DNS"), "{bad}");
}

#[test]
fn mail_goes_through_a_server_that_is_named_with_an_address_and_a_whole_login() {
    let place = Place::new();
    let variables = [
        ("MNETIFI_MAIL_HOST", "smtp.example.net"),
        ("MNETIFI_MAIL_SECURITY", "tls"),
        ("MNETIFI_MAIL_USER", "mnetifi"),
        ("MNETIFI_MAIL_PASSWORD_FILE", "/etc/mnetifi/mail.password"),
        ("MNETIFI_MAIL_FROM", "No-Reply@isp.example"),
    ];

    let mail = place.load(&variables).unwrap().mail;
    let none = place.load(&[]).unwrap().mail;
    let halves = place.faults(&[("MNETIFI_MAIL_HOST", "smtp.example.net"), ("MNETIFI_MAIL_USER", "mnetifi")]);

    let server = mail.server.unwrap();
    assert_eq!((server.host.as_str(), server.port, server.security), ("smtp.example.net", 465, MailSecurity::Tls));
    assert_eq!(mail.from.as_str(), "no-reply@isp.example");
    assert_eq!(none.server, None);
    assert!(halves.contains("`mail.from`") && halves.contains("a login needs both"), "{halves}");
}

#[test]
fn where_mpesa_reaches_us_follows_from_the_portals_domain() {
    let place = Place::new();
    let callbacks = |text: &str| place.file(text).load(&[]).unwrap().mpesa.callbacks;

    assert_eq!(callbacks(""), None, "nobody can pay");
    assert_eq!(callbacks("portal.domain = \"wifi.example\"").as_deref(), Some("https://wifi.example"));
    assert_eq!(callbacks("portal.domain = \"mpesa.example\""), None, "M-Pesa refuses such an address");
    let said = callbacks("portal.domain = \"wifi.example\"\nmpesa.callbacks = \"https://pay.example.net:8443/\"");
    assert_eq!(said.as_deref(), Some("https://pay.example.net:8443"));
    assert_eq!(callbacks("mpesa.callbacks = \"http://127.0.0.1:8782\"").as_deref(), Some("http://127.0.0.1:8782"));
}

#[test]
fn an_address_that_mpesa_cannot_reach_or_refuses_is_told() {
    for bad in ["pay.example.net", "http://pay.example.net", "https://pay.example.net/cb", "https://", "https://a:0"] {
        let place = Place::new();
        let faults = place.file(&format!("mpesa.callbacks = \"{bad}\"")).faults(&[]);
        assert!(faults.contains("mpesa.callbacks") && faults.contains("https:// and a name"), "{bad}: {faults}");
    }
    let word = Place::new().file("mpesa.callbacks = \"https://mpesa.example.net\"").faults(&[]);
    assert!(word.contains("M-Pesa refuses every address with that word in it"), "{word}");
    let frame = Place::new().file("portal.framed_by = [\"*\"]").faults(&[]);
    assert!(frame.contains("portal.framed_by"), "{frame}");
}
