import { useMemo, useRef, useState } from "react";
import type { Level, LogMatrix } from "../../client/logs.ts";
import { levelNamed, levels } from "../../client/logs.ts";
import { formatCount } from "../../units/format.ts";
import type { Window } from "../../state/time_range.ts";
import { dayOf, lineTime } from "./state/log_time.ts";

const height = 72;
const dragMinPx = 6;
const barsWidth = 1_000;

/** Lines of each step by level: `counts[level][i]` came in the step that begins at `startMs + i * stepMs`. */
export type Volume = {
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
  readonly counts: Readonly<Partial<Record<Level, Float64Array>>>;
  readonly totals: readonly (readonly [Level, number])[];
  readonly total: number;
};

/** The figures of a step stand at its end. */
export function volumeOf(matrix: LogMatrix, window: Window, stepMs: number): Volume {
  const startMs = Math.floor(window.startMs / stepMs) * stepMs;
  const steps = Math.max(1, Math.ceil((window.endMs - startMs) / stepMs));
  const counts: Partial<Record<Level, Float64Array>> = {};
  for (const { labels, samples } of matrix.series) {
    const level = levelNamed(labels["detected_level"]);
    const column = (counts[level] ??= new Float64Array(steps));
    for (const [timeMs, value] of samples) {
      const i = Math.round((timeMs - startMs) / stepMs) - 1;
      if (i >= 0 && i < steps) column[i] = (column[i] ?? 0) + value;
    }
  }
  const totals = levels.flatMap((level): [Level, number][] => {
    const sum = counts[level]?.reduce((all, one) => all + one, 0) ?? 0;
    return sum > 0 ? [[level, sum]] : [];
  });
  return {
    startMs,
    stepMs,
    steps,
    counts,
    totals,
    total: totals.reduce((all, [, n]) => all + n, 0),
  };
}

type Props = {
  readonly volume: Volume;
  readonly timeZone: string;
  readonly onZoom: (startMs: number, endMs: number) => void;
};

/** Stacked bars, the gravest level at the bottom, where it is seen first. A drag zooms. */
export function VolumeChart({ volume, timeZone, onZoom }: Props) {
  const { startMs, stepMs, steps } = volume;
  const host = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number>();
  const [drag, setDrag] = useState<readonly [from: number, to: number]>();
  const { paths, top } = useMemo(() => pathsOf(volume), [volume]);
  const shareAt = (event: React.PointerEvent): number => {
    const box = host.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return 0;
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const timeAt = (share: number): number => startMs + share * steps * stepMs;
  const end = (): void => {
    if (drag !== undefined && wide(drag) * (host.current?.clientWidth ?? 0) >= dragMinPx)
      onZoom(timeAt(Math.min(...drag)), timeAt(Math.max(...drag)));
    setDrag(undefined);
  };
  const word = timeWord(startMs, startMs + steps * stepMs, timeZone);
  return (
    <div className="logs-volume">
      <div
        ref={host}
        className="logs-bars"
        role="img"
        aria-label={`${formatCount(volume.total)} lines over time by level`}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag([shareAt(event), shareAt(event)]);
        }}
        onPointerMove={(event) => {
          const share = shareAt(event);
          setAt(Math.min(steps - 1, Math.floor(share * steps)));
          if (drag !== undefined) setDrag([drag[0], share]);
        }}
        onPointerUp={end}
        onPointerCancel={() => setDrag(undefined)}
        onPointerLeave={() => setAt(undefined)}
      >
        <svg
          viewBox={`0 0 ${barsWidth} ${height}`}
          preserveAspectRatio="none"
          height={height}
          aria-hidden="true"
        >
          {paths.map(([level, path]) => (
            <path key={level} d={path} className={`level-fill-${level}`} />
          ))}
        </svg>
        {volume.total > 0 && <span className="logs-bars-top">{formatCount(top)}</span>}
        {drag !== undefined && (
          <span
            className="logs-drag"
            style={{
              left: `${Math.min(...drag) * 100}%`,
              width: `${wide(drag) * 100}%`,
            }}
          />
        )}
        {at !== undefined && drag === undefined && (
          <BarWord
            volume={volume}
            at={at}
            when={`${word(startMs + at * stepMs)} to ${word(startMs + (at + 1) * stepMs)}`}
          />
        )}
      </div>
      <Axis word={(share) => word(timeAt(share))} />
    </div>
  );
}

function wide([from, to]: readonly [number, number]): number {
  return Math.abs(to - from);
}

/** Times within a range, with the day where it spans several. */
function timeWord(startMs: number, endMs: number, timeZone: string): (ms: number) => string {
  const isOneDay = dayOf(startMs, timeZone) === dayOf(endMs, timeZone);
  return (ms) =>
    `${isOneDay ? "" : `${dayOf(ms, timeZone)} `}${lineTime(ms, timeZone).slice(0, 8)}`;
}

function Axis({ word }: { readonly word: (share: number) => string }) {
  return (
    <div className="logs-axis" aria-hidden="true">
      {[0, 0.25, 0.5, 0.75, 1].map((share) => (
        <span key={share}>{word(share)}</span>
      ))}
    </div>
  );
}

function BarWord({
  volume,
  at,
  when,
}: {
  readonly volume: Volume;
  readonly at: number;
  readonly when: string;
}) {
  const isRight = at > volume.steps / 2;
  const place = {
    [isRight ? "right" : "left"]:
      `${(isRight ? 1 - at / volume.steps : (at + 1) / volume.steps) * 100}%`,
  };
  return (
    <div className="logs-bar-word" style={place}>
      <strong>{when}</strong>
      {levels.map((level) => {
        const count = volume.counts[level]?.[at] ?? 0;
        return count === 0 ? null : (
          <span key={level}>
            <i className={`level-dot level-${level}`} />
            {level} <b>{formatCount(count)}</b>
          </span>
        );
      })}
    </div>
  );
}

function pathsOf({ counts, steps }: Volume): { paths: [Level, string][]; top: number } {
  let top = 1;
  for (let i = 0; i < steps; i++) {
    const sum = levels.reduce((all, level) => all + (counts[level]?.[i] ?? 0), 0);
    if (sum > top) top = sum;
  }
  const below = new Float64Array(steps);
  const width = barsWidth / steps;
  const gap = Math.min(1.5, width * 0.15);
  const paths = levels.flatMap((level): [Level, string][] => {
    const column = counts[level];
    if (column === undefined) return [];
    let path = "";
    column.forEach((count, i) => {
      if (count <= 0) return;
      const base = below[i] ?? 0;
      // What is there at all is seen.
      const px = Math.max(1, (count / top) * (height - 2));
      path += `M${(i * width).toFixed(2)} ${(height - base).toFixed(2)}h${(width - gap).toFixed(2)}v${(-px).toFixed(2)}h${(gap - width).toFixed(2)}z`;
      below[i] = base + px;
    });
    return [[level, path]];
  });
  return { paths, top };
}
