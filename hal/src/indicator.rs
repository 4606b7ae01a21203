//! Indicators: the green and the red light and the buzzer at a reader, played by patterns. Which outcome has which pattern
//! is for others to say.

use std::future::{Future, pending};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{info, warn};

use crate::clock::monotonic;
use crate::connection::{DisconnectReason, Reconnect};
use crate::gpio::{Output, OutputLine};

/// What of an indicator is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lit {
    /// The green light.
    pub green: bool,
    /// The red light.
    pub red: bool,
    /// The buzzer.
    pub buzzer: bool,
}

impl Lit {
    /// Nothing is on.
    pub const DARK: Self = Self {
        green: false,
        red: false,
        buzzer: false,
    };
}

/// One step of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is on.
    pub lit: Lit,
    /// For how long.
    pub time: Duration,
}

/// Steps to be played one after the other; dark afterwards. Clones share the steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    steps: Arc<[Step]>,
    again: bool,
}

impl From<Vec<Step>> for Pattern {
    fn from(steps: Vec<Step>) -> Self {
        Self {
            steps: steps.into(),
            again: false,
        }
    }
}

impl Pattern {
    /// The same, again and again until there is another one.
    #[must_use]
    pub fn repeated(mut self) -> Self {
        // What takes no time would be played without end.
        self.again = self.steps.iter().any(|step| !step.time.is_zero());
        self
    }
}

/// An indicator that can be asked to play patterns. Clones are the same indicator.
#[derive(Clone, Debug)]
pub struct Indicator {
    name: Arc<str>,
    patterns: watch::Sender<Pattern>,
}

impl Indicator {
    /// Its name in the settings.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Plays the pattern from now on, in place of the one that is being played. It never waits; what is asked while the
    /// indicator is away is not played later, unless it repeats and is still the last.
    pub fn play(&self, pattern: &Pattern) {
        self.patterns.send_replace(pattern.clone());
    }
}

/// What lights an indicator.
pub(crate) trait Lamps: Send {
    /// Lights exactly this.
    fn show(&mut self, lit: Lit) -> Result<(), DisconnectReason>;
}

/// The task side of an indicator.
pub(crate) struct Player {
    name: Arc<str>,
    patterns: watch::Receiver<Pattern>,
}

/// An indicator, and the side that its task works with.
pub(crate) fn indicator(name: Arc<str>) -> (Indicator, Player) {
    let (sender, patterns) = watch::channel(Pattern::default());
    let handle = Indicator {
        name: name.clone(),
        patterns: sender,
    };
    (handle, Player { name, patterns })
}

impl Player {
    /// Connects with `connect` and plays patterns, for ever, until `stop`.
    pub(crate) async fn run<L: Lamps>(
        self,
        connect: impl FnMut() -> Result<L, DisconnectReason>,
        stop: impl Future<Output = ()>,
    ) {
        tokio::select! {
            // Dropping the other branch makes it dark: see `Playing`.
            biased;
            () = stop => {}
            () = self.serve(connect) => {}
        }
    }

    async fn serve<L: Lamps>(mut self, mut connect: impl FnMut() -> Result<L, DisconnectReason>) {
        let mut reconnect = Reconnect::new();
        loop {
            let mut held = Duration::ZERO;
            // A pattern that was asked for while the indicator was away is over, unless it repeats: that holds until the
            // next one.
            if self.patterns.borrow_and_update().again {
                self.patterns.mark_changed();
            }
            let reason = match connect() {
                Ok(lamps) => {
                    info!(indicator = &*self.name, "indicator connected");
                    reconnect.connected();
                    let since = monotonic();
                    let reason = Playing(lamps).serve(&mut self.patterns).await;
                    held = monotonic().saturating_sub(since);
                    reason
                }
                Err(reason) => reason,
            };
            if reconnect.is_news(&reason) {
                warn!(indicator = &*self.name, %reason, "indicator disconnected: trying to reconnect");
            }
            sleep(reconnect.wait_after(held)).await;
        }
    }
}

/// Connected lamps. Dropping them, in whatever way, makes them dark.
struct Playing<L: Lamps>(L);

impl<L: Lamps> Playing<L> {
    /// Plays patterns until the lamps are lost.
    async fn serve(mut self, patterns: &mut watch::Receiver<Pattern>) -> DisconnectReason {
        if let Err(reason) = self.0.show(Lit::DARK) {
            return reason;
        }
        loop {
            if patterns.changed().await.is_err() {
                // Nobody can ask any more.
                pending::<()>().await;
            }
            let pattern = patterns.borrow_and_update().clone();
            tokio::select! {
                biased;
                // The next one begins without a dark moment between.
                Ok(()) = replaced(patterns) => {}
                reason = self.play(&pattern) => if let Err(reason) = reason {
                    return reason;
                }
            }
        }
    }

    async fn play(&mut self, pattern: &Pattern) -> Result<(), DisconnectReason> {
        loop {
            for step in pattern.steps.iter() {
                self.0.show(step.lit)?;
                sleep(step.time).await;
            }
            if !pattern.again {
                return self.0.show(Lit::DARK);
            }
        }
    }
}

/// Resolves when there is a new pattern, and leaves it to be noticed again.
async fn replaced(patterns: &mut watch::Receiver<Pattern>) -> Result<(), watch::error::RecvError> {
    patterns.changed().await?;
    patterns.mark_changed();
    Ok(())
}

impl<L: Lamps> Drop for Playing<L> {
    fn drop(&mut self) {
        // There is nobody to tell; the reason of a loss was told already.
        let _ = self.0.show(Lit::DARK);
    }
}

/// An indicator of this name that another device has: its handle and its task, which runs until `stop` and says by `shown`
/// what that device has to show.
pub fn shown_indicator(
    name: Arc<str>,
    shown: watch::Sender<Lit>,
    stop: impl Future<Output = ()> + Send,
) -> (Indicator, impl Future<Output = ()> + Send) {
    let (handle, player) = indicator(name);
    (handle, player.run(move || Ok(Shown(shown.clone())), stop))
}

struct Shown(watch::Sender<Lit>);

impl Lamps for Shown {
    fn show(&mut self, lit: Lit) -> Result<(), DisconnectReason> {
        self.0.send_replace(lit);
        Ok(())
    }
}

/// An indicator on GPIO lines; what has no line is not there.
#[derive(Clone, Debug)]
pub struct GpioIndicator {
    /// Its name in the settings.
    pub name: Arc<str>,
    /// The line of the green light.
    pub green: Option<OutputLine>,
    /// The line of the red light.
    pub red: Option<OutputLine>,
    /// The line of the buzzer.
    pub buzzer: Option<OutputLine>,
}

/// The indicator's handle and its task, which runs until `stop`. It is dark when the task ends.
pub fn gpio_indicator(
    indicator: GpioIndicator,
    stop: impl Future<Output = ()> + Send,
) -> (Indicator, impl Future<Output = ()> + Send) {
    let (handle, player) = self::indicator(indicator.name.clone());
    let connect = move || {
        let start = |line: &Option<OutputLine>| line.as_ref().map(Output::start).transpose();
        Ok(Lines {
            green: start(&indicator.green)?,
            red: start(&indicator.red)?,
            buzzer: start(&indicator.buzzer)?,
        })
    };
    (handle, player.run(connect, stop))
}

struct Lines {
    green: Option<Output>,
    red: Option<Output>,
    buzzer: Option<Output>,
}

impl Lamps for Lines {
    fn show(&mut self, lit: Lit) -> Result<(), DisconnectReason> {
        let set = |line: &mut Option<Output>, on| line.as_mut().map_or(Ok(()), |line| line.set(on));
        set(&mut self.green, lit.green)?;
        set(&mut self.red, lit.red)?;
        set(&mut self.buzzer, lit.buzzer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::time::timeout;

    use super::*;
    use crate::connection::DisconnectCause;

    const RED: Lit = Lit {
        red: true,
        ..Lit::DARK
    };
    const MOMENT: Duration = Duration::from_millis(20);

    /// Lamps that can be unplugged, and what they have shown.
    #[derive(Clone, Default)]
    struct Plug(Arc<Mutex<(bool, Vec<Lit>)>>);

    impl Plug {
        fn is(&self, plugged: bool) {
            *self.0.lock().unwrap() = (plugged, Vec::new());
        }

        fn connect(&self) -> Result<Self, DisconnectReason> {
            let (plugged, _) = *self.0.lock().unwrap();
            plugged.then(|| self.clone()).ok_or(DisconnectReason {
                device: Arc::from("GPIO6"),
                cause: DisconnectCause::InUse,
            })
        }

        fn shown(&self) -> Vec<Lit> {
            self.0.lock().unwrap().1.clone()
        }
    }

    impl Lamps for Plug {
        fn show(&mut self, lit: Lit) -> Result<(), DisconnectReason> {
            self.connect()?;
            self.0.lock().unwrap().1.push(lit);
            Ok(())
        }
    }

    fn red() -> Pattern {
        let step = |lit| Step { lit, time: MOMENT };
        Pattern::from(vec![step(RED), step(Lit::DARK)])
    }

    async fn until_red(plug: &Plug) {
        let red = async {
            while plug.shown().iter().filter(|lit| **lit == RED).count() < 2 {
                sleep(MOMENT).await;
            }
        };
        timeout(Duration::from_secs(10), red)
            .await
            .expect("it stays dark");
    }

    #[tokio::test]
    async fn a_pattern_that_repeats_goes_on_when_the_indicator_is_back() {
        let (indicator, player) = indicator(Arc::from("entrance"));
        let plug = Plug::default();
        indicator.play(&red().repeated());
        let connect = plug.clone();
        tokio::spawn(player.run(move || connect.connect(), pending()));
        sleep(MOMENT).await;
        plug.is(true);
        until_red(&plug).await;
        plug.is(false);
        sleep(3 * MOMENT).await;
        plug.is(true);
        until_red(&plug).await;
    }

    #[tokio::test]
    async fn a_pattern_for_a_moment_in_which_the_indicator_was_away_is_not_played_later() {
        let (indicator, player) = indicator(Arc::from("entrance"));
        let plug = Plug::default();
        let connect = plug.clone();
        tokio::spawn(player.run(move || connect.connect(), pending()));
        indicator.play(&red().repeated());
        indicator.play(&red());
        sleep(MOMENT).await;
        plug.is(true);
        sleep(20 * MOMENT).await;
        assert_eq!(plug.shown(), [Lit::DARK]);
    }
}
