import { useBlocker } from "@tanstack/react-router";
import { useRef } from "react";
import { ConfirmDialog } from "../../overlays/dialog.tsx";

/** Asks before changes that are not saved are left behind, also by closing the window. */
export function LeaveGuard({ isDirty }: { readonly isDirty: () => boolean }) {
  const goes = useRef(false);
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => isDirty() && current.pathname !== next.pathname,
    enableBeforeUnload: isDirty,
    withResolver: true,
  });
  return (
    <ConfirmDialog
      open={blocker.status === "blocked"}
      onOpenChange={(open) => {
        // The dialog closes before it confirms.
        if (!open) setTimeout(() => goes.current || blocker.reset?.(), 0);
      }}
      title="Leave without saving?"
      text="What you changed in this dashboard is not saved."
      verb="Leave"
      danger
      onConfirm={() => {
        goes.current = true;
        blocker.proceed?.();
      }}
    />
  );
}
