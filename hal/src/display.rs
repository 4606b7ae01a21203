//! Displays: a few lines of text for a while, then the idle text again. The task of one on a serial port; what is shown
//! to whom is for others to say.

use std::future::{Future, pending};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{info, warn};

use crate::clock::{before, monotonic};
use crate::connection::{DisconnectReason, Reconnect};
use crate::serial::{Port, PortSettings};

/// A display that can be asked to show text. Clones are the same display.
#[derive(Clone, Debug)]
pub struct Display {
    name: Arc<str>,
    texts: watch::Sender<Text>,
}

/// What a display is to show. `Debug` is redacted: it may name a person.
#[derive(Clone, Default)]
struct Text {
    lines: Arc<[String]>,
    time: Duration,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Text(..)")
    }
}

impl Display {
    /// Its name in the settings.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Shows these lines for `time` from now on, in place of what is shown; then the idle text. It never waits; what is
    /// asked while the display is away is not shown later.
    pub fn show<L: Into<String>>(&self, lines: impl IntoIterator<Item = L>, time: Duration) {
        let lines = lines.into_iter().map(Into::into).collect();
        self.texts.send_replace(Text { lines, time });
    }
}

/// What text is written on.
pub(crate) trait Screen: Send {
    /// Replaces what is shown.
    fn write(&mut self, lines: &[String]) -> impl Future<Output = Result<(), DisconnectReason>> + Send;

    /// Resolves when the screen is lost. Cancelling it does no harm.
    fn lost(&mut self) -> impl Future<Output = DisconnectReason> + Send;
}

/// The task side of a display.
pub(crate) struct Shower {
    name: Arc<str>,
    idle: Vec<String>,
    texts: watch::Receiver<Text>,
}

/// A display, and the side that its task works with.
pub(crate) fn display(name: Arc<str>, idle: Vec<String>) -> (Display, Shower) {
    let (sender, texts) = watch::channel(Text::default());
    let handle = Display {
        name: name.clone(),
        texts: sender,
    };
    (handle, Shower { name, idle, texts })
}

impl Shower {
    /// Connects with `connect` and shows text, for ever, until `stop`.
    pub(crate) async fn run<S, F>(self, connect: impl FnMut() -> F, stop: impl Future<Output = ()>)
    where
        S: Screen,
        F: Future<Output = Result<S, DisconnectReason>>,
    {
        tokio::select! {
            biased;
            () = stop => {}
            () = self.serve(connect) => {}
        }
    }

    async fn serve<S, F>(mut self, mut connect: impl FnMut() -> F)
    where
        S: Screen,
        F: Future<Output = Result<S, DisconnectReason>>,
    {
        let mut reconnect = Reconnect::new();
        loop {
            let mut held = Duration::ZERO;
            let reason = match connect().await {
                Ok(screen) => {
                    info!(display = &*self.name, "display connected");
                    reconnect.connected();
                    let since = monotonic();
                    let reason = self.show_on(screen).await;
                    held = monotonic().saturating_sub(since);
                    reason
                }
                Err(reason) => reason,
            };
            if reconnect.is_news(&reason) {
                warn!(display = &*self.name, %reason, "display disconnected: trying to reconnect");
            }
            sleep(reconnect.wait_after(held)).await;
        }
    }

    /// Shows text until the screen is lost.
    async fn show_on(&mut self, mut screen: impl Screen) -> DisconnectReason {
        self.texts.mark_unchanged();
        if let Err(reason) = screen.write(&self.idle).await {
            return reason;
        }
        let mut idle_at = None;
        loop {
            let change = tokio::select! {
                reason = screen.lost() => return reason,
                change = before(idle_at, changed(&mut self.texts)) => change,
            };
            let written = match change {
                Some(text) => {
                    idle_at = Some(monotonic().saturating_add(text.time));
                    screen.write(&text.lines).await
                }
                None => {
                    idle_at = None;
                    screen.write(&self.idle).await
                }
            };
            if let Err(reason) = written {
                return reason;
            }
        }
    }
}

/// The next text; for ever none when nobody can ask any more.
async fn changed(texts: &mut watch::Receiver<Text>) -> Text {
    if texts.changed().await.is_err() {
        pending::<()>().await;
    }
    texts.borrow_and_update().clone()
}

/// A display on a serial port, as customer displays of tills are: it takes plain characters, goes on in the next line by
/// itself when one is full, and is cleared by a sequence of its own.
#[derive(Clone, Debug)]
pub struct SerialDisplay {
    /// Its name in the settings.
    pub name: Arc<str>,
    /// Its port.
    pub port: PortSettings,
    /// Characters of a line; each line is filled up or cut to it.
    pub columns: usize,
    /// Lines; what is more is not shown.
    pub rows: usize,
    /// What clears it and goes to the first character: `0C` for most.
    pub clear: Arc<[u8]>,
    /// What it shows when there is nothing else to show.
    pub idle: Vec<String>,
}

/// The display's handle and its task, which runs until `stop`.
pub fn serial_display(
    settings: SerialDisplay,
    stop: impl Future<Output = ()> + Send,
) -> (Display, impl Future<Output = ()> + Send) {
    let settings = Arc::new(settings);
    let (handle, shower) = display(settings.name.clone(), settings.idle.clone());
    let connect = move || {
        let settings = settings.clone();
        async move {
            let port = Port::open(&settings.port).await?;
            Ok(SerialScreen { port, settings })
        }
    };
    (handle, shower.run(connect, stop))
}

struct SerialScreen {
    port: Port,
    settings: Arc<SerialDisplay>,
}

impl Screen for SerialScreen {
    async fn write(&mut self, lines: &[String]) -> Result<(), DisconnectReason> {
        let mut bytes = self.settings.clear.to_vec();
        for line in lines.iter().take(self.settings.rows) {
            let columns = self.settings.columns;
            // Cut and filled up.
            bytes.extend(format!("{:columns$.columns$}", ascii(line)).into_bytes());
        }
        self.port.write(&bytes).await
    }

    async fn lost(&mut self) -> DisconnectReason {
        // It says nothing; reading is how an unplugged port shows.
        let mut noise = [0; 64];
        loop {
            if let Err(reason) = self.port.read(&mut noise).await {
                return reason;
            }
        }
    }
}

/// Text in ASCII, which every display has; nothing of it is a command to the display.
fn ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            ' '..='~' => ascii.push(character),
            'ä' => ascii.push_str("ae"),
            'ö' => ascii.push_str("oe"),
            'ü' => ascii.push_str("ue"),
            'Ä' => ascii.push_str("Ae"),
            'Ö' => ascii.push_str("Oe"),
            'Ü' => ascii.push_str("Ue"),
            'ß' => ascii.push_str("ss"),
            _ => ascii.push('?'),
        }
    }
    ascii
}
