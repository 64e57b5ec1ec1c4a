//! Letters as files, while no mail server is set: each can be opened in a mail program, and its link be followed.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use domain::email::Email;
use domain::id::JobId;
use domain::messages::letter::Letter;
use domain::platform::job::Outcome;
use ports::Mailer;
use ports::mailer::Trying;
use tokio::io::AsyncWriteExt as _;

use crate::compose::compose;

/// Letters that are kept; the oldest go.
pub const LETTERS_MAX: usize = 1_000;

/// Writes letters into a folder that only this user may read.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    from: Email,
}

impl Files {
    /// Makes the folder where it is missing.
    pub fn open(folder: &Path, from: Email) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Ok(Self { folder: folder.to_owned(), from })
    }

    async fn write(&self, job: JobId, octets: &[u8]) -> io::Result<()> {
        // Ids sort by time, so the names tell which letters are the oldest. A letter is there whole or not at all.
        let (part, whole) = (self.folder.join(format!("{job}.part")), self.folder.join(format!("{job}.eml")));
        let mut options = tokio::fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&part).await?;
        file.write_all(octets).await?;
        file.sync_all().await?;
        tokio::fs::rename(&part, &whole).await?;
        self.tidy()
    }

    fn tidy(&self) -> io::Result<()> {
        let mut letters: Vec<PathBuf> = fs::read_dir(&self.folder)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .collect();
        letters.sort_unstable();
        let too_many = letters.len().saturating_sub(LETTERS_MAX);
        letters.iter().take(too_many).try_for_each(fs::remove_file)
    }
}

impl Mailer for Files {
    fn send<'a>(&'a self, job: JobId, letter: &'a Letter) -> Trying<'a> {
        Box::pin(async move {
            let message = match compose(&self.from, job, letter) {
                Ok(message) => message,
                Err(why) => return Outcome::Never(why),
            };
            match self.write(job, &message.formatted()).await {
                Ok(()) => Outcome::Done,
                Err(why) => Outcome::Later(format!("`{}` cannot be written to: {why}", self.folder.display())),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use domain::secret::Secret;

    use super::*;

    fn letter() -> Letter {
        Letter {
            to: "anna@example.net".parse().expect("good"),
            from_name: "Savanna Networks".to_owned(),
            subject: "Confirm your address".to_owned(),
            text: Secret::new("Open https://savanna.isp.example/verify-email#code\n".to_owned()),
        }
    }

    fn files(folder: &Path) -> Files {
        Files::open(&folder.join("mail"), "no-reply@isp.example".parse().expect("good")).expect("made")
    }

    #[tokio::test]
    async fn a_letter_is_a_file_that_only_we_may_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let job = JobId::from_bytes([7; 16]);

        let done = files(folder.path()).send(job, &letter()).await;

        let path = folder.path().join(format!("mail/{job}.eml"));
        let text = fs::read_to_string(&path).expect("written");
        assert_eq!(done, Outcome::Done);
        for line in [
            "From: \"Savanna Networks\" <no-reply@isp.example>",
            "To: anna@example.net",
            "Subject: Confirm your address",
            &format!("Message-ID: <{job}@isp.example>"),
            "Open https://savanna.isp.example/verify-email#code",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
        }
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn a_folder_that_is_gone_is_tried_again_later() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = files(folder.path());
        fs::remove_dir(folder.path().join("mail")).expect("removed");

        let outcome = files.send(JobId::from_bytes([7; 16]), &letter()).await;

        assert!(matches!(outcome, Outcome::Later(why) if why.contains("mail` cannot be written to")));
    }

    #[tokio::test]
    async fn the_oldest_letters_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = files(folder.path());
        for number in 0..LETTERS_MAX {
            fs::write(folder.path().join(format!("mail/0{number:035}.eml")), "old").expect("written");
        }

        files.send(JobId::from_bytes([7; 16]), &letter()).await;

        let oldest = folder.path().join(format!("mail/0{:035}.eml", 0));
        assert!(!oldest.exists());
        assert_eq!(fs::read_dir(folder.path().join("mail")).expect("listed").count(), LETTERS_MAX);
    }
}
