//! A row of `staff` as the words have it.

use domain::id::{RoleId, StaffId};
use domain::people::role::{Preset, RoleName};
use domain::people::staff::{Staff, StaffState};
use domain::phone::{CallingCode, Msisdn};
use uuid::Uuid;

use crate::columns::{Instant, at, uncounter};
use crate::error::StoreError;
use crate::people::roles::zoned;

pub(super) struct StaffRow {
    pub(super) id: Uuid,
    pub(super) email: String,
    pub(super) user_name: String,
    pub(super) name: String,
    pub(super) phone: Option<String>,
    pub(super) id_number: Option<String>,
    pub(super) preset: Option<String>,
    pub(super) role_id: Option<Uuid>,
    pub(super) zones: Option<Vec<Uuid>>,
    pub(super) state: String,
    pub(super) has_totp: bool,
    pub(super) created_at: Instant,
    pub(super) signed_in_at: Option<Instant>,
    pub(super) revision: i64,
}

impl TryFrom<StaffRow> for Staff {
    type Error = StoreError;
    fn try_from(row: StaffRow) -> Result<Self, StoreError> {
        let id = row.id;
        row.staff().ok_or_else(|| StoreError::corrupt("staff", id))
    }
}

impl StaffRow {
    fn staff(self) -> Option<Staff> {
        let role = match (self.preset, self.role_id) {
            (Some(preset), _) => RoleName::Preset(Preset::from_code(&preset)?),
            (None, Some(id)) => RoleName::Own(RoleId::from_uuid(id)),
            (None, None) => return None,
        };
        // Kept with its calling code, so any country reads it with a plus.
        let phone = |digits: String| Msisdn::parse(format!("+{digits}").as_bytes(), &CallingCode::kenya()).ok();
        Some(Staff {
            id: StaffId::from_uuid(self.id),
            email: self.email.parse().ok()?,
            user_name: self.user_name.parse().ok()?,
            name: self.name.parse().ok()?,
            phone: match self.phone {
                Some(digits) => Some(phone(digits)?),
                None => None,
            },
            id_number: self.id_number.map(|number| number.parse()).transpose().ok()?,
            role,
            zones: zoned(self.zones),
            state: StaffState::from_code(&self.state)?,
            has_totp: self.has_totp,
            created_at: self.created_at.0,
            signed_in_at: at(self.signed_in_at),
            revision: uncounter(self.revision),
        })
    }
}
