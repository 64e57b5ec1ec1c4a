//! Secrets given to a command: from a file, from standard input, or, visible to others, as an argument. And secrets
//! made here.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use domain::secret::Secret;
use ports::Random;

/// Octets read at most; no secret is as long.
const LENGTH_MAX: u64 = 4_096;

/// Reads a secret and takes one line ending off its end.
pub fn read(argument: Option<&str>, file: Option<&Path>, what: &str) -> anyhow::Result<Secret<String>> {
    let mut text = String::new();
    match (argument, file) {
        (Some(secret), _) => return Ok(Secret::new(secret.to_owned())),
        (None, Some(path)) if path == Path::new("-") => {
            std::io::stdin().lock().take(LENGTH_MAX).read_to_string(&mut text)
        }
        (None, Some(path)) => File::open(path)
            .with_context(|| format!("{what} cannot be read from {}", path.display()))?
            .take(LENGTH_MAX)
            .read_to_string(&mut text),
        (None, None) => bail!("{what} is missing: name a file that holds it"),
    }
    .with_context(|| format!("{what} cannot be read"))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line).to_owned();
    Ok(Secret::new(line))
}

/// Characters of a made secret: none that is taken for another, and none that a router's console wants quoted.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Characters of a made secret; 140 bits of chance.
const MADE_LENGTH: usize = 28;

/// Makes a shared secret.
pub fn generate(random: &dyn Random) -> Secret<String> {
    let mut chance = [0; MADE_LENGTH];
    random.fill(&mut chance);
    Secret::new(chance.iter().map(|octet| char::from(ALPHABET[usize::from(octet & 31)])).collect())
}

#[cfg(test)]
mod tests {
    use boot::random::OsRandom;
    use domain::network::nas::shared_secret;

    use super::*;

    #[test]
    fn made_secrets_differ_and_are_good_ones() {
        let (one, other) = (generate(&OsRandom), generate(&OsRandom));

        assert_ne!(one.expose(), other.expose());
        assert!(shared_secret(one.expose()).is_ok());
    }
}
