import { Link, useLocation, useMatches } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { PageTitle } from "../state/page_title.ts";
import { usePlaces } from "./places.ts";

/** Where I am. Its last part is the page's heading, and the window's title. */
export function Breadcrumb({ told }: { readonly told: PageTitle | undefined }) {
  const { pathname } = useLocation();
  const name = useMatches().at(-1)?.staticData.name ?? "Lapwing";
  const place = usePlaces().find(({ path }) => pathname.startsWith(`${path}/`));
  const title = told?.title ?? name;
  return (
    <div className="breadcrumb">
      {place !== undefined && (
        <>
          <Link to={place.path}>{place.name}</Link>
          <Slash />
        </>
      )}
      {told?.crumbs.map((crumb) => (
        <span className="crumb" key={crumb.href}>
          <Link to={crumb.href} className="clip">
            {crumb.name}
          </Link>
          <Slash />
        </span>
      ))}
      <Heading text={title} pathname={pathname} />
    </div>
  );
}

function Slash() {
  return (
    <span className="slash" aria-hidden="true">
      /
    </span>
  );
}

/** Takes the focus when the page changes, so that a screen reader says where one is and Tab goes on from here. */
function Heading({ text, pathname }: { readonly text: string; readonly pathname: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(pathname);
  useEffect(() => {
    document.title = text === "Lapwing" ? text : `${text} · Lapwing`;
  }, [text]);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    // A page that put the focus into its own field keeps it there.
    if (document.activeElement?.closest("main input, main textarea, [contenteditable]")) return;
    heading.current?.focus({ preventScroll: true });
  }, [pathname]);
  return (
    <h1 ref={heading} className="clip" title={text} tabIndex={-1}>
      {text}
    </h1>
  );
}
