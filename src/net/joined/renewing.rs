//! The controller's side of what comes after joining: certificates are renewed, and roles are given theirs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    conversation::{OfferedKey, encode},
    inviting::{InviteError, VALID, Wanted, until},
    kept::{ForRoles, Issued, Member},
    registry::{Registry, RegistryError},
    token::random,
};
use crate::{
    model::{Address, Name},
    net::{AgentClient, AgentError, tls::Subject},
    wire::joining::{KeyOffer, KeyRequest, KeyUse, NewCertificate},
};

/// How long a key that was exchanged still counts: longer than any connection is kept that nobody uses.
const EXCHANGED: SignedDuration = SignedDuration::from_hours(1);

impl Registry {
    /// The agents whose certificates have only a third of their time left. Blocks.
    ///
    /// # Errors
    ///
    /// What is kept cannot be read.
    pub fn due(&self, now: Timestamp) -> Result<BTreeSet<Name>, RegistryError> {
        let kept = self.read()?;
        let is_due = |member: &Member| {
            let ends = |it: &Issued| is_nearly_over(it.from, it.until, now);
            // Where there are two, nobody knows which one it has.
            let unsure = member.certificates.len() > 1;
            member.revoked.is_none() && (unsure || member.certificates.first().is_some_and(ends))
        };
        let due = kept.agents.iter().filter(|(_, member)| is_due(member));
        Ok(due.map(|(name, _)| name.clone()).collect())
    }

    /// The agents whose roles have no certificate for these addresses, or one with only a third of its time
    /// left. Blocks.
    ///
    /// # Errors
    ///
    /// What is kept cannot be read.
    pub fn roles_due(
        &self,
        hosts: &BTreeMap<&Name, &Address>,
        now: Timestamp,
    ) -> Result<BTreeSet<Name>, RegistryError> {
        let kept = self.read()?;
        let is_due = |name: &Name, host: &Address| {
            let good = |it: &ForRoles| it.host == *host && !is_nearly_over(it.from, it.until, now);
            let member = kept.agents.get(name).filter(|it| it.revoked.is_none());
            member.is_some_and(|member| !member.roles.as_ref().is_some_and(good))
        };
        let due = hosts.iter().filter(|(name, host)| is_due(name, host));
        Ok(due.map(|(name, _)| (*name).clone()).collect())
    }

    /// Exchanges the key and the certificate of an agent that has joined. The ones before count for an
    /// hour more.
    ///
    /// # Errors
    ///
    /// It has the ones before.
    pub async fn renew(
        &self,
        name: &Name,
        agent: &AgentClient,
        now: Timestamp,
    ) -> Result<(), InviteError> {
        let wanted = Wanted { name, url: agent.url(), now };
        let unreadable = || InviteError::Unreadable(agent.url().to_owned());
        let challenge = random()?;
        let offer = offered(agent, &challenge, KeyUse::Agent).await?;
        let key = OfferedKey::of(&offer, &challenge, name).ok_or_else(unreadable)?;
        let before = offer.before.ok_or_else(unreadable)?;
        let (certificate, issued) = self.certify(&key, &wanted)?;
        // Before it is given away: whatever happens now, the key is known.
        self.update(|kept| {
            let member = kept.agents.get_mut(name).filter(|it| it.revoked.is_none());
            let member = member.ok_or(InviteError::TokenGone)?;
            if !member.certificates.iter().any(|it| it.key == before) {
                return Err(unreadable());
            }
            // The one that it has stays until it has the new one; what it never took counts no more.
            let (mine, others): (Vec<_>, Vec<_>) =
                member.certificates.drain(..).partition(|it| it.key == before);
            member.certificates = std::iter::once(issued.clone()).chain(mine).collect();
            kept.refuse(name, &others, now);
            Ok(())
        })
        .await??;
        let certificate = encode(&certificate);
        agent.take_certificate(&NewCertificate { certificate, r#for: KeyUse::Agent }).await?;
        self.update(|kept| {
            let Some(member) = kept.agents.get_mut(name) else { return };
            let (mine, old): (Vec<_>, Vec<_>) =
                member.certificates.drain(..).partition(|it| it.key == issued.key);
            member.certificates = mine;
            let since = now.saturating_add(EXCHANGED).unwrap_or(now);
            kept.refuse(name, &old, since);
        })
        .await?;
        tracing::info!(agent = %name, until = %issued.until, "the certificate of an agent is renewed");
        Ok(())
    }

    /// Gives the roles of an agent that has joined a certificate for the address of their site system, so
    /// that whoever trusts the hierarchy trusts them.
    ///
    /// # Errors
    ///
    /// They have none, or the one before.
    pub async fn grant(
        &self,
        name: &Name,
        agent: &AgentClient,
        host: &Address,
        now: Timestamp,
    ) -> Result<(), InviteError> {
        let unreadable = || InviteError::Unreadable(agent.url().to_owned());
        let challenge = random()?;
        let offer = offered(agent, &challenge, KeyUse::Roles).await?;
        let key = OfferedKey::of(&offer, &challenge, name).ok_or_else(unreadable)?;
        // No identifier: with this certificate nobody can pass for an agent.
        let subjects = [Subject::Host(host.as_str())];
        let certificate = self.certificates().certify(&key, &subjects, VALID, now)?;
        let until = until(&certificate).ok_or_else(unreadable)?;
        let certificate = encode(&certificate);
        agent.take_certificate(&NewCertificate { certificate, r#for: KeyUse::Roles }).await?;
        let roles = ForRoles { host: host.clone(), from: now, until };
        self.update(|kept| {
            if let Some(member) = kept.agents.get_mut(name) {
                member.roles = Some(roles);
            }
        })
        .await?;
        Ok(())
    }
}

/// Whether only a third of a time is left.
fn is_nearly_over(from: Timestamp, until: Timestamp, now: Timestamp) -> bool {
    now.duration_until(until) <= from.duration_until(until) / 3
}

async fn offered(
    agent: &AgentClient,
    challenge: &[u8],
    r#for: KeyUse,
) -> Result<KeyOffer, AgentError> {
    agent.offer_key(&KeyRequest { challenge: encode(challenge), r#for }).await
}
