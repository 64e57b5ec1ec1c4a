//! Whole stories through the API: each begins where a person begins, and ends with what they see.

mod from_sign_up_to_online;
mod the_trial_runs_out;
