import { Link } from "@tanstack/react-router";
import { messageOf } from "#shared/errors.ts";
import { usePageTitle } from "../state/page_title.ts";
import { Empty } from "../widgets/picture.tsx";

/** For an address that no page has. */
export function NotFound() {
  usePageTitle("Not found");
  return (
    <section className="page">
      <Empty title="There is no page at this address">
        It was mistyped, or the link is of another version. <Link to="/">Overview</Link>
      </Empty>
    </section>
  );
}

/** For a page that threw: the shell around it stays. */
export function PageError({ error }: { readonly error: unknown }) {
  return (
    <section className="page">
      <div className="failed" role="alert">
        <div>
          <strong>This page failed: {messageOf(error)}.</strong>
          <p>
            Reload to try again. After an upgrade of the aggregator, reloading fetches the new
            version.
          </p>
          <button type="button" className="button" onClick={() => location.reload()}>
            Reload
          </button>
        </div>
      </div>
    </section>
  );
}
