/** The time, twice. */
export type Moment = {
  /** Unix milliseconds: what alerts, silences and intervals go by. It may jump. */
  readonly wallMs: number;
  /** Milliseconds of a clock that never goes back: what waits go by. */
  readonly timerMs: number;
};

export type Now = () => Moment;
