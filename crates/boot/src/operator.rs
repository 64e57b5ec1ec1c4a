//! Who runs a command on this machine.

use std::env;

/// What the environment calls them, the nearest to the person first.
const NAMES: [&str; 3] = ["SUDO_USER", "LOGNAME", "USER"];

/// Most characters of a name.
const NAME_MAX: usize = 64;

/// Who runs this command, for the audit: `anna at the command line`. A claim of the environment, and no proof: whoever
/// runs commands here may do anything.
pub fn name() -> String {
    let named = NAMES.iter().filter_map(env::var_os).filter_map(|name| name.into_string().ok());
    let good = |name: &String| !name.is_empty() && !name.chars().any(char::is_control);
    let name = named.filter(good).map(|name| name.chars().take(NAME_MAX).collect::<String>()).next();
    format!("{} at the command line", name.as_deref().unwrap_or("somebody"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_runs_a_command_has_a_name_that_fits_the_audit() {
        let name = name();

        assert!(name.ends_with(" at the command line") && name.chars().count() <= 100, "{name}");
    }
}
