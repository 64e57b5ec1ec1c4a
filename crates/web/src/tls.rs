//! TLS 1.2 and 1.3 with the operator's certificate, which is read again when its files change.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::serve::BindError;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Files of a certificate, in PEM. They are read again when they change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsFiles {
    /// The certificate and those that signed it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// The certificate in use. Clones share it.
#[derive(Clone)]
pub(crate) struct Tls {
    role: &'static str,
    files: Arc<TlsFiles>,
    current: Arc<ArcSwap<ServerConfig>>,
    /// When the files in use were written, as it was before they were read.
    written_at: WrittenAt,
}

/// When the certificate and the key were written.
type WrittenAt = [Option<SystemTime>; 2];

impl Tls {
    pub(crate) fn open(role: &'static str, files: TlsFiles) -> Result<Self, BindError> {
        let written_at = written_at(&files);
        let current = Arc::new(ArcSwap::from(read(&files)?));
        Ok(Self { role, files: Arc::new(files), current, written_at })
    }

    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(self.current.load_full()).accept(stream).await
    }

    /// Takes new files when they come. Files that are of no use change nothing.
    pub(crate) async fn keep_fresh(self, shutdown: CancellationToken) {
        let role = self.role;
        let mut seen = self.written_at;
        loop {
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                () = shutdown.cancelled() => return,
            }
            let written = written_at(&self.files);
            if written == seen {
                continue;
            }
            seen = written;
            match read(&self.files) {
                Ok(config) => {
                    self.current.store(config);
                    info!("{role} has a new certificate");
                }
                Err(why) => warn!("{role} keeps its old certificate: {why}"),
            }
        }
    }
}

fn written_at(files: &TlsFiles) -> WrittenAt {
    let at = |path: &std::path::Path| std::fs::metadata(path).and_then(|file| file.modified()).ok();
    [at(&files.certificate), at(&files.key)]
}

fn read(files: &TlsFiles) -> Result<Arc<ServerConfig>, BindError> {
    let of_no_use = |path: &std::path::Path, why: String| BindError::Certificate { path: path.to_owned(), why };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|why| of_no_use(&files.certificate, why.to_string()))?;
    if chain.is_empty() {
        return Err(of_no_use(&files.certificate, "it holds no certificate".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|why| of_no_use(&files.key, why.to_string()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_no_client_auth())
        .and_then(|builder| builder.with_single_cert(chain, key));
    let mut config = config.map_err(|why| of_no_use(&files.key, why.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
