// For people who wait in another tab: the title blinks, and a short sound if they asked for one.
const BLINK_MS = 1000;
const title = document.title;
let blinking = 0;
let audio = null;

/** Alternate the tab's title with `text` until somebody looks. */
export function flash(text) {
  if (!document.hidden) return;
  clearInterval(blinking);
  blinking = setInterval(() => { document.title = document.title === title ? text : title; }, BLINK_MS);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  clearInterval(blinking);
  document.title = title;
});

/** Two soft notes, if sound was switched on. */
export function ring() {
  if (!audio) return;
  [660, 880].forEach((pitch, index) => {
    const at = audio.currentTime + index * 0.18;
    const tone = audio.createOscillator();
    const gain = audio.createGain();
    tone.frequency.value = pitch;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(0.12, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.001, at + 0.4);
    tone.connect(gain).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.45);
  });
}

/** Let the button on a waiting page switch the sound on and off. Browsers play only after a touch. */
export function offerSound(root, words) {
  const button = root.querySelector("[data-sound]:not([data-ready])");
  if (!button || !("AudioContext" in window)) return;
  const label = () => {
    button.textContent = audio ? words.soundOn : words.soundOff;
    button.setAttribute("aria-pressed", String(Boolean(audio)));
  };
  button.hidden = false;
  button.dataset.ready = "yes";
  button.addEventListener("click", () => {
    if (audio) { audio.close(); audio = null; } else { audio = new AudioContext(); ring(); }
    label();
  });
  label();
}
