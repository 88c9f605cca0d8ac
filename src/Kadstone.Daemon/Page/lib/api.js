// Requests to the daemon that served this page, and to nobody else.

const TOKEN = 'kadstone.token';

/** What the daemon refused, in its own words. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const tokenOf = () => sessionStorage.getItem(TOKEN);

export function keepToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

let askForToken = () => {};

/** Who asks the reader for a token when the daemon wants one. */
export function onUnauthorized(ask) {
  askForToken = ask;
}

export async function request(path, { method = 'GET', body, accept = 'application/json', signal } = {}) {
  const headers = { Accept: accept };
  const token = tokenOf();
  if (token) {
    headers.Authorization = `Bearer ${token}`;
  }

  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
  }

  const response = await fetch(path, {
    method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body), cache: 'no-store', credentials: 'same-origin', redirect: 'error',
  });
  if (response.ok) {
    return response;
  }

  const error = new ApiError(response.status, await reasonOf(response));
  if (error.status === 401) {
    askForToken(Boolean(token));
  }

  throw error;
}

export async function get(path, signal) {
  return (await request(path, { signal })).json();
}

export async function send(method, path, body) {
  const response = await request(path, { method, body });
  return response.status === 204 ? null : response.json();
}

/** The objects of a stream of lines, each as soon as it is there. */
export async function* lines(path, signal) {
  const response = await request(path, { accept: 'application/x-ndjson', signal });
  for await (const line of textLines(response.body)) {
    if (line.trim() !== '') {
      yield JSON.parse(line);
    }
  }
}

const LONGEST_LINE = 8 << 20;

export async function* textLines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        break;
      }

      const parts = (rest + value).split('\n');
      rest = parts.pop();
      if (rest.length > LONGEST_LINE) {
        throw new Error('a line of the daemon has no end');
      }

      yield* parts;
    }

    if (rest !== '') {
      yield rest;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function reasonOf(response) {
  try {
    const { error } = await response.json();
    if (typeof error === 'string') {
      return error;
    }
  } catch {
    // Not every answer is JSON: a guard's is a line of text.
  }

  return `The daemon answered ${response.status}.`;
}
