import type { ReactNode } from "react";
import type { DataLink } from "#shared/dashboards/dashboard.ts";

/** What a figure leads to: its first link around it; without one it is plain. */
export function FigureLink({
  links,
  children,
}: {
  readonly links: readonly DataLink[];
  readonly children: ReactNode;
}) {
  const [first] = links;
  if (first === undefined) return <span className="figure">{children}</span>;
  return (
    <a
      className="figure"
      href={first.url}
      title={first.title}
      {...(first.new_tab ? { target: "_blank", rel: "noopener noreferrer" } : {})}
    >
      {children}
    </a>
  );
}
