/** The mark: a lapwing with its crest, in the colours of the theme. logo.svg is the same for the browser's tab. */
export function Logo() {
  return (
    <svg className="logo" width="28" height="28" viewBox="0 0 32 32" aria-hidden="true">
      <path
        className="logo-body"
        d="M2 21.5C3.5 17 7 13.6 12.2 12.7c.3-2.9 2.1-4.9 4.3-5.7-3.2-.2-6.6-2-8.7-5 4.6 2.3 9.2 2.3 12.8 4.8 1.8.6 3.2 1.9 3.8 3.6l5.6 1.6-5.5 1.4c-.5 1.6-1.3 2.9-2.2 4.2-2 3.6-5.8 6.4-10.3 6.4-3.6 0-6.5-1-10-2.5z"
      />
      <path
        className="logo-breast"
        d="M22.3 17.6c-2 3.6-5.8 6.4-10.3 6.4 2.1 1.1 4.3 1.5 6.2 1 4.1-1 5.5-4.4 4.1-7.4z"
      />
      <path className="logo-legs" d="M15 24.5v4.8h1.8M18.5 24v5.3h1.8" />
      <circle className="logo-eye" cx="19.8" cy="10.6" r="1.2" />
    </svg>
  );
}
