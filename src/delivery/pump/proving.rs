//! Reads the people of a trial back before the rest is sent.

use tokio::io::AsyncRead;

use super::super::DeliveryError;
use super::super::trial::{Trial, TrialEnd};
use super::Pump;

impl<'a, S: AsyncRead + Unpin + Send + 'a> Pump<'a, S> {
    /// The same, but only the people of a trial are sent before they have been read back.
    pub(in super::super) fn beginning_with(mut self, trial: Option<Trial>) -> Self {
        if let (Some(trial), Some(builder)) = (&trial, &mut self.builder) {
            builder.settings.objects_per_request = trial.objects_per_request(builder.settings.objects_per_request);
        }
        self.trial = trial;
        self
    }

    /// Begins to read back the people of the trial, once all of them have been answered. Returns whether the trial lasts.
    pub(super) fn begin_proving(&mut self) -> bool {
        let Some(trial) = self.trial.as_mut().filter(|trial| !trial.is_empty()) else {
            self.trial = None;
            return false;
        };
        if self.proving.is_none() && self.in_flight.is_empty() {
            self.proving = Some(Box::pin(self.delivery.read_trial(trial.take_people(), self.key.clone(), trial.since)));
        }
        true
    }

    pub(super) fn take_trial(&mut self, end: TrialEnd) -> Result<(), DeliveryError> {
        self.trial = None;
        if let Some(builder) = &mut self.builder {
            builder.settings.objects_per_request = self.delivery.export.connection.objects_per_request;
        }
        let allowed = self.account.as_ref().and_then(|account| account.allow_differences);
        let TrialEnd { read, hold, unchecked, notes } = end;
        if let Some(account) = &mut self.account {
            let proof = &mut account.record.proof;
            proof.trial = read;
            proof.unchecked.extend(unchecked);
            proof.notes.extend(notes);
        }
        match hold {
            Some(source) if !source.is_allowed(allowed) => {
                Err(DeliveryError::NotProven { key: self.file.object.key.clone(), source, proof: None })
            }
            _ => Ok(()),
        }
    }
}
