//! The fixed story of `demo --script`: it succeeds only if everything happens as told.

use std::time::Duration;

use anyhow::{Context, bail, ensure};

use super::show;
use super::stage::{Event, Stage};
use crate::domain::{Basis, DenyReason, Outcome, Passage};
use crate::runtime::Notice;
use crate::simulator::{Faults, SimulatedMember, Story};

/// How long the story waits for what must come.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long the studio stalls.
const STALL: Duration = Duration::from_secs(10);

/// Nobody waits longer than this at the lane whose card is known, whatever the studio does.
const AT_ONCE: Duration = Duration::from_millis(100);

/// Longer than the repeat filter of the demo.
const A_MOMENT: Duration = Duration::from_millis(700);

const REFUSALS: [(Story, DenyReason); 6] = [
    (Story::RestrictedNow, DenyReason::Restricted),
    (Story::Paused, DenyReason::Paused),
    (Story::FormerMember, DenyReason::FormerMember),
    (Story::Prospect, DenyReason::NoContract),
    (Story::AccessRefused, DenyReason::AccessRefused),
    (Story::BenefitMissing, DenyReason::BenefitMissing),
];

/// What was decided, and for a grant how long it took from read to relay.
struct Decided {
    outcome: Outcome,
    opened_after: Option<Duration>,
}

pub(super) async fn play(stage: &mut Stage) -> anyhow::Result<()> {
    println!("A gym with one lane, a simulated studio, and the real gateway between them.");
    let active: Vec<SimulatedMember> = stage
        .members()
        .filter(|member| member.story == Story::Active)
        .take(3)
        .collect();
    let mut visits = 0;

    show::headline("Three members come in; the studio is asked for each");
    for member in &active {
        let decided = present(stage, member).await?;
        ensure!(
            decided.outcome == Outcome::Granted(Basis::Live),
            "a member in good standing was not let in on the studio's word: {:?}",
            decided.outcome
        );
        comes_to(stage, Passage::Taken).await?;
        visits += 1;
    }
    arrivals(stage, visits).await?;

    show::headline("One of them is let in and turns back: no visit");
    let returning = active.first().context("no member")?;
    stage.next_one_stays();
    let decided = present(stage, returning).await?;
    ensure!(
        matches!(decided.outcome, Outcome::Granted(_)),
        "a member was kept out who had been let in before"
    );
    comes_to(stage, Passage::NotTaken).await?;

    show::headline("Others have reasons to stay outside");
    for (story, reason) in REFUSALS {
        let member = sample(stage, story)?;
        println!("  {}", story.sentence());
        refused(&present(stage, &member).await?, reason)?;
    }
    println!("  A card that the studio does not know.");
    refused(
        &present_uid(stage, &[0x77, 1, 2, 3, 4]).await?,
        DenyReason::Unknown,
    )?;
    let member = sample(stage, Story::RestrictedLastYear)?;
    println!("  {}", Story::RestrictedLastYear.sentence());
    let decided = present(stage, &member).await?;
    ensure!(
        matches!(decided.outcome, Outcome::Granted(_)),
        "an old restriction kept somebody out"
    );
    comes_to(stage, Passage::Taken).await?;
    visits += 1;
    arrivals(stage, visits).await?;

    show::headline("The studio stalls: every answer takes ten seconds. Known cards still open at once");
    stage.simulator.set_faults(Faults::slow(STALL));
    tokio::time::sleep(A_MOMENT).await;
    for member in &active {
        let decided = present(stage, member).await?;
        ensure!(
            matches!(decided.outcome, Outcome::Granted(Basis::Cached { .. })),
            "a known member was not let in from the cache: {:?}",
            decided.outcome
        );
        let span = decided.opened_after.context("the lane did not open")?;
        ensure!(span < AT_ONCE, "a known member waited {span:?}");
        comes_to(stage, Passage::Taken).await?;
        visits += 1;
    }
    println!("  A card that nobody knows: the gateway asks for 800 ms, then says no.");
    refused(
        &present_uid(stage, &[0x77, 5, 6, 7, 8]).await?,
        DenyReason::StudioUnreachable,
    )?;
    println!(
        "  A member who has not been here yet: it asks for 800 ms, then trusts the list of all members."
    );
    let newcomer = stage
        .members()
        .filter(|member| member.story == Story::Active)
        .nth(active.len())
        .context("no further member")?;
    let decided = present(stage, &newcomer).await?;
    ensure!(
        decided.outcome == Outcome::Granted(Basis::OfflineAllowance),
        "a member of the list was not let in without the studio: {:?}",
        decided.outcome
    );
    comes_to(stage, Passage::Taken).await?;
    visits += 1;

    show::headline("The studio recovers: the visits arrive, each once, with their true times");
    stage.simulator.set_faults(Faults::default());
    arrivals(stage, visits).await?;
    let decided = present(stage, &newcomer).await?;
    ensure!(
        matches!(decided.outcome, Outcome::Granted(_)),
        "after the stall a member was kept out"
    );
    comes_to(stage, Passage::Taken).await?;
    visits += 1;
    arrivals(stage, visits).await?;
    // One visit too many would come now.
    while let Some(event) = stage.event(A_MOMENT).await {
        show::event(&event);
    }
    let arrived = stage.simulator.check_ins().len();
    ensure!(
        arrived == visits,
        "{visits} people came in, the studio knows of {arrived} visits"
    );
    show::headline(&format!(
        "Everything happened as told: {visits} visits, {arrived} check-ins."
    ));
    Ok(())
}

fn sample(stage: &Stage, story: Story) -> anyhow::Result<SimulatedMember> {
    stage
        .members()
        .find(|member| member.story == story)
        .with_context(|| format!("the studio has nobody with the story {story}"))
}

async fn present(stage: &mut Stage, member: &SimulatedMember) -> anyhow::Result<Decided> {
    present_uid(stage, &member.uid).await
}

async fn present_uid(stage: &mut Stage, uid: &[u8]) -> anyhow::Result<Decided> {
    stage.present(uid)?;
    loop {
        let event = stage
            .event(PATIENCE)
            .await
            .context("a card was presented and nothing was decided")?;
        show::event(&event);
        if let Event::Gateway(Notice::Decided { decision, opened, .. }) = event {
            return Ok(Decided {
                outcome: decision.outcome,
                opened_after: opened.and_then(Result::ok),
            });
        }
    }
}

fn refused(decided: &Decided, expected: DenyReason) -> anyhow::Result<()> {
    match decided.outcome {
        Outcome::Denied(reason) if reason == expected => Ok(()),
        other => bail!("expected a refusal ({expected}), got {other:?}"),
    }
}

/// Waits until the lane is shut again and this has come of the grant.
async fn comes_to(stage: &mut Stage, expected: Passage) -> anyhow::Result<()> {
    let mut shut = false;
    loop {
        let event = stage
            .event(PATIENCE)
            .await
            .context("somebody was let in and nothing came of it")?;
        show::event(&event);
        match event {
            Event::Relay(switched) => shut = !switched.on,
            Event::Gateway(Notice::Passage { passage, .. }) => {
                ensure!(passage == expected, "expected {expected:?}, got {passage:?}");
                ensure!(shut, "the relay did not switch off");
                return Ok(());
            }
            Event::Gateway(_) | Event::Arrived(_) => {}
        }
    }
}

/// Waits until the studio knows of so many visits.
async fn arrivals(stage: &mut Stage, visits: usize) -> anyhow::Result<()> {
    while stage.simulator.check_ins().len() < visits {
        let event = stage.event(PATIENCE).await.context("a check-in did not arrive")?;
        show::event(&event);
    }
    Ok(())
}
