/** A page that is not looked at has no frames: then it is run after this. */
const latestMs = 100;

/** Runs what changes the page just before its next frame is drawn. */
export function withNextFrame(run: () => void): void {
  const once = (): void => {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    run();
  };
  const timer = setTimeout(once, latestMs);
  const frame = requestAnimationFrame(once);
}
