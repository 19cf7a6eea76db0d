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
  chevron: "m4.5 6.5 3.5 3.5 3.5-3.5",
  back: "m10 3.5-4.5 4.5 4.5 4.5",
  forward: "m6 3.5 4.5 4.5-4.5 4.5",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  copy: "M6 6h7.5v7.5H6zM3.5 10.5h-1v-8h8v1",
  download: "M8 2.5v7.5M5 7l3 3 3-3M3 13h10",
  upload: "M8 10V2.5M5 5.5l3-3 3 3M3 13h10",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  clock: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M8 5v3.2l2.2 1.4",
  calendar: "M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2.5V4M10.5 2.5V4",
  refresh: "M13 8a5 5 0 1 1-1.5-3.6M13 2.5v3h-3",
  link: "M6.8 9.2a2.5 2.5 0 0 0 3.5 0l2.2-2.2a2.5 2.5 0 0 0-3.5-3.5L8 4.5M9.2 6.8a2.5 2.5 0 0 0-3.5 0L3.5 9A2.5 2.5 0 0 0 7 12.5l1-1",
  open: "M9 3h4v4M13 3 7.5 8.5M7 4H3v9h9V9",
  edit: "M3 13l.8-3L10.5 3.3l2.2 2.2L6 12.2zM9 4.8 11.2 7",
  trash: "M3 4.5h10M6 4.5v-2h4v2M4.2 4.5 5 13.5h6l.8-9",
  save: "M3 3h8l2 2v8H3zM5.5 3v3.5h5V3M5.5 13V9.5h5V13",
  undo: "M3 7h7a3 3 0 0 1 0 6H6M5.5 4.5 3 7l2.5 2.5",
  redo: "M13 7H6a3 3 0 0 0 0 6h4M10.5 4.5 13 7l-2.5 2.5",
  star: "m8 2.2 1.8 3.7 4 .6-2.9 2.8.7 4L8 11.4l-3.6 1.9.7-4-2.9-2.8 4-.6z",
  folder: "M2 4h4.5L8 5.5h6v7.5H2z",
  filter: "M2.5 3h11L9.5 8.2v4.3l-3 1V8.2z",
  info: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M8 7.3v3.7M8 5h.01",
  eye: "M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8M8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6",
  code: "M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5",
  table: "M2.5 3h11v10h-11zM2.5 6.3h11M2.5 9.6h11M6.5 3v10",
  grid: "M2.5 2.5h4.5V7H2.5zM9 2.5h4.5V7H9zM2.5 9H7v4.5H2.5zM9 9h4.5v4.5H9z",
  list: "M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01",
  overview: "M2.5 13.5V8M6.2 13.5V4.5M9.8 13.5V7M13.5 13.5v-11",
  explore: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M10.5 5.5 9 9 5.5 10.5 7 7z",
  logs: "M3 3h10M3 6.3h7M3 9.6h10M3 13h5",
  alerts: "M8 2.5a4 4 0 0 0-4 4c0 4-1.5 5-1.5 5h11S12 10.5 12 6.5a4 4 0 0 0-4-4M6.8 13.5h2.4",
  dashboards: "M2.5 2.5h5v6h-5zM9.5 2.5h4v3h-4zM9.5 7.5h4v6h-4zM2.5 10.5h5v3h-5z",
  agents: "M8 2.5v2M4 4.5h8v6.5H4zM6.3 7.3h.01M9.7 7.3h.01M6 13.5h4M2.2 7v2M13.8 7v2",
  settings:
    "M2.5 4.5h7M12 4.5h1.5M2.5 11.5H4M6.5 11.5h7M10.7 3a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3M5.3 10a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3",
  keyboard: "M1.8 4h12.4v8H1.8zM4.3 6.5h.01M6.8 6.5h.01M9.2 6.5h.01M11.7 6.5h.01M5 9.5h6",
  globe:
    "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M2 8h12M8 2c2 1.7 2.6 3.7 2.6 6S10 12.3 8 14c-2-1.7-2.6-3.7-2.6-6S6 3.7 8 2",
  full_screen: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  drag: "M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01",
  zoom_in: "M7 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8M10 10l3.5 3.5M5 7h4M7 5v4",
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
