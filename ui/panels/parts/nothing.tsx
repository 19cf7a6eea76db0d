import type { ReactNode } from "react";

/** In place of a picture that has nothing to draw: what is missing, in one sentence. */
export function Nothing({ children }: { readonly children: ReactNode }) {
  return (
    <div className="panel-nothing" role="status">
      <p>{children}</p>
    </div>
  );
}
