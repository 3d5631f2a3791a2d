//! Delivers one batch until each of its items is decided: refused batches are halved, phones and seats that
//! are not to be had are left to the next plan.

use super::deliver::{Ending, Run};
use super::ledger::{Fate, expected};
use super::stop::{Said, Stop};
use crate::domain::batch::{Batch, Item, PhoneField, Verb};
use crate::domain::check::Replay;
use crate::domain::contention::Clearing;
use crate::domain::phone::Phone;
use crate::domain::user::UserId;
use crate::target::Answer;

/// So many records refused alike, and none accepted: it is not the records.
const ALIKE_REFUSALS: usize = 3;

/// A part of a batch on its way.
struct Piece {
    items: Vec<Item>,
    /// Refused as part of a bigger piece, when so many refusals had been counted. If there were none
    /// since, the other half was accepted and the bad item is in here.
    refused_with: Option<usize>,
}

impl Run<'_> {
    /// Sends a batch until each of its items is decided.
    pub(super) async fn deliver(&mut self, batch: &Batch, replay: &mut Replay<'_>) -> Result<(), Stop> {
        let verb = batch.verb;
        let mut pieces = vec![Piece {
            items: batch.items.clone(),
            refused_with: None,
        }];
        while let Some(piece) = pieces.pop() {
            let n_refusals = self.n_refusals();
            let is_known_bad = piece.refused_with == Some(n_refusals);
            if is_known_bad && piece.items.len() > 1 {
                split(piece.items, n_refusals, &mut pieces);
                continue;
            }
            let mut items = piece.items;
            match self.send_surely(verb, &mut items, replay).await? {
                Ending::Accepted | Ending::Unknown => {}
                Ending::Missing(answer) => match (verb, items.as_slice()) {
                    (Verb::Delete, [gone]) => {
                        replay.take_out(&gone.id);
                        self.ledger.accepted(gone, Some(&answer));
                    }
                    (Verb::Create | Verb::Upsert, _) => {
                        self.refused(verb, items, answer, replay, &mut pieces).await?;
                    }
                    _ => {
                        self.is_stale = true;
                        self.plan_again = true;
                        return Ok(());
                    }
                },
                Ending::PhoneTaken(answer, phone) => {
                    self.phone_taken(items, answer, phone, &mut pieces);
                }
                Ending::SeatsTaken(answer) => {
                    if self
                        .seats_taken(verb, items, &answer, replay, &mut pieces)
                        .await?
                    {
                        return Ok(());
                    }
                }
                Ending::Refused(answer) => self.refused(verb, items, answer, replay, &mut pieces).await?,
            }
        }
        Ok(())
    }

    fn n_refusals(&self) -> usize {
        self.refusals.values().sum()
    }

    /// An item of these is not acceptable: halves them until it is found, reads before it is judged.
    async fn refused(
        &mut self,
        verb: Verb,
        items: Vec<Item>,
        answer: Answer,
        replay: &mut Replay<'_>,
        pieces: &mut Vec<Piece>,
    ) -> Result<(), Stop> {
        *self
            .refusals
            .entry((answer.status, answer.code.clone()))
            .or_default() += 1;
        let [item] = items.as_slice() else {
            split(items, self.n_refusals(), pieces);
            return Ok(());
        };
        let user = self.link.reader.get(&item.id).await?;
        self.observe(&item.id, user.as_ref(), replay);
        if user == expected(item) {
            self.ledger.accepted(item, Some(&answer));
            return Ok(());
        }
        if verb == Verb::Create && user.is_some() {
            // It is there with another record: an update's business.
            self.plan_again = true;
            return Ok(());
        }
        if matches!(item.phone, PhoneField::Clear(_)) && !self.learned_clearing && !self.doubts_clearing {
            // Perhaps it is not the record: the way may have stopped working since it was learned.
            self.doubts_clearing = true;
            self.clearing = Clearing::Unknown;
            self.plan_again = true;
            self.is_stale = true;
            return Ok(());
        }
        if answer.code.is_none()
            && let Some(phone) = item.phone.number()
            && self.has_other_holder(phone, &item.id).await?
        {
            // Nothing says why, and somebody has the phone by now.
            self.contest(item, phone.clone(), answer);
            return Ok(());
        }
        self.reject(&item.id, &answer);
        // Who was refused while others were accepted, in an earlier run, is no news.
        let n_alike = self
            .ledger
            .rejected()
            .filter(|id| !self.suspects.contains(*id))
            .count();
        let is_one_kind = self.refusals.len() == 1;
        if n_alike >= ALIKE_REFUSALS && is_one_kind && self.ledger.n_accepted == 0 {
            return Err(Stop::ContractChanged(Said::from(&answer)));
        }
        Ok(())
    }

    /// Whether a list that was read since the plan began shows the phone on somebody else.
    async fn has_other_holder(&mut self, phone: &Phone, id: &UserId) -> Result<bool, Stop> {
        let mut world = match self.listed_amid.take() {
            Some(world) => world,
            None => self.link.reader.list_now().await?,
        };
        let has_holder = self.link.reader.has_other_holder(&mut world, phone, id).await?;
        self.listed_amid = Some(world);
        Ok(has_holder)
    }

    /// The phone that this item takes is somebody else's: the next plan sees whose.
    fn contest(&mut self, item: &Item, phone: Phone, answer: Answer) {
        self.plan_again = true;
        if let Some(entry) = self.ledger.get_mut(&item.id) {
            entry.fate = Fate::Contested(phone);
            entry.answer = Some(answer);
        }
    }

    /// The platform refuses the record of this user.
    pub(super) fn reject(&mut self, id: &UserId, answer: &Answer) {
        if let Some(entry) = self.ledger.get_mut(id) {
            entry.fate = Fate::Rejected;
            entry.answer = Some(answer.clone());
        }
    }

    /// Somebody has a phone of these: the next plan is made on a list that shows who.
    fn phone_taken(
        &mut self,
        mut items: Vec<Item>,
        answer: Answer,
        phone: Option<Phone>,
        pieces: &mut Vec<Piece>,
    ) {
        self.plan_again = true;
        let named = phone.and_then(|phone| items.iter().position(|item| item.phone.number() == Some(&phone)));
        let taker = match (named, items.len()) {
            (Some(idx), _) => items.remove(idx),
            (None, 1) => items.remove(0),
            (None, _) => {
                // The text does not tell: halve. This is no refusal of a record, so it counts as none.
                let right = items.split_off(items.len().div_ceil(2));
                pieces.extend([right, items].map(|items| Piece {
                    items,
                    refused_with: None,
                }));
                return;
            }
        };
        if let (Some(entry), Some(phone)) = (self.ledger.get_mut(&taker.id), taker.phone.number()) {
            entry.fate = Fate::Contested(phone.clone());
            entry.answer = Some(answer);
        }
        if !items.is_empty() {
            pieces.push(Piece {
                items,
                refused_with: None,
            });
        }
    }

    /// No seat for all of these: halves them, smallest ids first, until the limit is met exactly. True
    /// when it is, and the rest of the batch has no seat either.
    async fn seats_taken(
        &mut self,
        verb: Verb,
        mut items: Vec<Item>,
        answer: &Answer,
        replay: &mut Replay<'_>,
        pieces: &mut Vec<Piece>,
    ) -> Result<bool, Stop> {
        self.plan_again = true;
        self.drop_done(verb, &mut items, replay).await?;
        if items.len() > 1 {
            let right = items.split_off(items.len().div_ceil(2));
            pieces.extend([right, items].map(|items| Piece {
                items,
                refused_with: None,
            }));
            return Ok(false);
        }
        if items.is_empty() {
            return Ok(false);
        }
        let world = self.link.reader.list().await?;
        tracing::warn!(
            seats = world.users.len(),
            status = answer.status,
            "the platform has no seat for another user"
        );
        self.learned_seats = Some(world.users.len());
        self.is_stale = true;
        Ok(true)
    }
}

/// Two halves; the first is sent first.
fn split(mut items: Vec<Item>, n_refusals: usize, pieces: &mut Vec<Piece>) {
    let right = items.split_off(items.len().div_ceil(2));
    pieces.push(Piece {
        items: right,
        refused_with: Some(n_refusals),
    });
    pieces.push(Piece {
        items,
        refused_with: None,
    });
}
