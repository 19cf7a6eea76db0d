/** Stroke paths on a 16 by 16 grid. */
const paths = {
  hosts: "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01",
  data: "M2 3v3c0 4 3 5 6 5h6M2 3h.01M11.5 8.5 14 11l-2.5 2.5M8 3h6",
  check: "m3 8.5 3.2 3.2L13 4.8",
  warning: "M8 2.2 14.3 13H1.7zM8 6.5v3M8 11.2h.01",
  cross: "m4 4 8 8M12 4l-8 8",
  live: "M8 8h.01M5.2 10.8a4 4 0 0 1 0-5.6M10.8 5.2a4 4 0 0 1 0 5.6M3.2 12.8a6.8 6.8 0 0 1 0-9.6M12.8 3.2a6.8 6.8 0 0 1 0 9.6",
  silent: "M8 8h.01M5.2 10.8a4 4 0 0 1 0-5.6M10.8 5.2a4 4 0 0 1 0 5.6M2 14 14 2",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  moon: "M13.5 9.5A5.8 5.8 0 0 1 6.5 2.5a5.8 5.8 0 1 0 7 7",
  system: "M2 3h12v8H2zM6 14h4M8 11v3",
  search: "M7 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8M10 10l3.5 3.5",
  pause: "M5.5 3v10M10.5 3v10",
  play: "M5 3l8 5-8 5z",
  wrap: "M2 4h12M2 8h9.5a2 2 0 0 1 0 4H8M9.5 10.3 8 12l1.5 1.7M2 12h3",
  down: "M8 3v10M4 9l4 4 4-4",
  up: "M8 13V3M4 7l4-4 4 4",
  collapse: "m10 4-4 4 4 4",
  expand: "m6 4 4 4-4 4",
  zoom_out: "M7 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8M10 10l3.5 3.5M5 7h4",
} as const;

export type IconName = keyof typeof paths;

/** A picture beside a word; screen readers read the word. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
