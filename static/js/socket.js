// A hint that something changed, and the lines of a conversation: the page itself always comes by request.
const PING_MS = 20000;
const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 30000;
const GONE = 4401;      // this browser is not known any more: the next request says so in words
const TOO_MANY = 4429;  // enough tabs are open; this one polls

/** Follow the pointers at `address`. `news` runs at each, `noticed` when somebody writes, `talked` at what a conversation says, `changed` when the socket opens or closes. */
export function listen(address, { news, noticed, talked, changed }) {
  let socket = null;
  let isWanted = false;
  let attempt = 0;
  let ping = 0;
  let wait = 0;
  let missed = 0;

  function connect() {
    clearTimeout(wait);
    if (!isWanted || !address || socket) return;
    try { socket = new WebSocket(address); } catch { socket = null; return; }
    const mine = socket;
    // Who is refused is let in and closed at once: only what was said over it shows that a socket is of use.
    mine.addEventListener("open", () => { missed = 0; beat(mine); changed(); news(); });
    mine.addEventListener("message", (event) => { attempt = 0; missed = 0; heard(JSON.parse(event.data)); });
    mine.addEventListener("close", (event) => { if (mine === socket) over(event.code); });
  }

  function heard(said) {
    if (said.stream === "typing") noticed(said);
    else if (said.stream === "talk") talked(said);
    else if (said.do !== "pong") news();
  }

  function beat(mine) {
    clearInterval(ping);
    ping = setInterval(() => {
      missed += 1;
      if (missed > 2) { drop(); return; }  // a phone that slept may hold a dead socket that never closes
      if (mine.readyState === WebSocket.OPEN) mine.send('{"do":"ping"}');
    }, PING_MS);
  }

  function over(code) {
    clearInterval(ping);
    socket = null;
    changed();
    if (code === GONE) { isWanted = false; news(); return; }
    if (code === TOO_MANY) { isWanted = false; return; }
    wait = setTimeout(connect, Math.random() * Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt));  // full jitter: a restarted server is not stormed
    attempt += 1;
  }

  function drop() {
    const old = socket;
    over(0);
    old?.close();
  }

  return {
    isOpen: () => socket?.readyState === WebSocket.OPEN,
    say: (what, more = {}) => { socket?.send(JSON.stringify({ do: what, ...more })); },
    open: () => { isWanted = true; connect(); },
    close: () => { isWanted = false; clearTimeout(wait); clearInterval(ping); socket?.close(); },
    retry: () => { attempt = 0; if (isWanted && socket?.readyState !== WebSocket.OPEN) { if (socket) drop(); connect(); } },
  };
}
