// The sentences that the page's programs say. The others are in index.html.

export const texts = {
  // The titles of exchanges.
  me: 'Who am I?',
  logout: 'Log out',
  startOver: 'Start over',
  opening: 'Open the page',
  of: {
    login: (app) => `${app}: log in`,
    refuse: (app) => `${app}: refuse`,
    phoneLogin: (app) => `${app}: log in by phone number`,
    phoneUpdate: (app) => `${app}: phone number for this account`,
    link: (app) => `${app}: link`,
  },

  // The status.
  done: (title, status) => `${title}: done (${status}).`,
  failed: (title, status, error) => `${title}: ${error} (${status}).`,
  startedOver: 'Started over: no accounts, nobody logged in.',
  broken: (title, cause) => `${title}: ${cause}`,
  cannot: (button, why) => `“${button}” does nothing now: ${why}.`,

  // Why a button is disabled.
  onApp: (app) => ` on ${app}`,
  nobody: 'nobody is logged in',
  needsLogin: 'needs a login',
  noPhoneLogin: 'no phone login',
  noPhoneUpdate: 'no phone number',

  // The session, and secrets.
  unknown: 'not told',
  none: 'none',
  hiddenID: (start) => `${start}… (hidden)`,
  hidden: (start, characters) => `${start}… (${characters} characters, hidden)`,

  // A body that is cut.
  showAll: (lines) => `Show all ${lines} lines`,
  showFewer: 'Show fewer lines',

  // Failures that are no response of the proxy.
  noResponse: 'no response',
  unreachable: 'the server did not respond. Is it still running?',
  noJSON: (status) => `the response (${status}) is not JSON.`,
  platformRefused: (status) => `the platform responded with ${status}.`,

  // What an error of the proxy means here.
  meanings: {
    bad_request: 'The backend refuses: here, a person who has an account already, or a number that is taken.',
    unauthorized: 'Ann said no. The response has her ids; there is no session.',
    session_missing: 'Nobody is logged in, or no longer: log in first.',
    not_found: 'She has no account, and none was wanted: log in elsewhere, then link.',
    unsupported_function: 'This platform has no such call.',
    invalid_parameter: 'The platform’s login does not take this.',
  },
};
