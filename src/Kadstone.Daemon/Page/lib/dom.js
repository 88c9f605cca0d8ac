// Elements are made here and nowhere else. Whatever is a string becomes a text node: there is no way from a string to markup.

const SVG = 'http://www.w3.org/2000/svg';
const NAMES = /^(?:aria-[a-z]+|data-[a-z-]+|[a-zA-Z][a-zA-Z0-9-]*)$/;
const HANDLERS = ['onclick', 'onsubmit', 'oninput', 'onchange', 'onkeydown', 'ontoggle'];

/** An HTML element: h('p', { class: 'quiet' }, 'text', child, [children], null). */
export function h(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** An SVG element. */
export function s(tag, properties, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (HANDLERS.includes(name)) {
      element[name] = value;
    } else if (value !== null && value !== undefined && value !== false) {
      setSafe(element, name, value === true ? '' : String(value));
    }
  }

  append(element, children);
  return element;
}

function setSafe(element, name, value) {
  const lower = name.toLowerCase();
  if (!NAMES.test(name) || lower.startsWith('on') || lower === 'style' || lower === 'src' || lower === 'srcdoc') {
    throw new Error(`no such attribute here: ${name}`);
  }

  // A link leads to another view of this page, never away.
  if (lower === 'href' && !value.startsWith('#')) {
    throw new Error('a link starts with #');
  }

  element.setAttribute(name, value);
}

function append(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) {
      append(element, child);
    } else if (child instanceof Node) {
      element.appendChild(child);
    } else if (child !== null && child !== undefined && child !== false) {
      element.appendChild(document.createTextNode(String(child)));
    }
  }
}

/**
 * Makes what is shown equal to what should be, changing only what differs: focus, selection and open details stay, and a screen reader
 * hears only what changed.
 */
export function show(parent, ...wanted) {
  const list = wanted.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false)
    .map(child => (child instanceof Node ? child : document.createTextNode(String(child))));
  align(parent, list);
}

function align(parent, wanted) {
  let current = parent.firstChild;
  for (const node of wanted) {
    if (current === null) {
      parent.appendChild(node);
    } else {
      const next = current.nextSibling;
      if (isAlike(current, node)) {
        merge(current, node);
      } else {
        parent.replaceChild(node, current);
      }

      current = next;
    }
  }

  while (current !== null) {
    const next = current.nextSibling;
    current.remove();
    current = next;
  }
}

function isAlike(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.nodeType !== Node.ELEMENT_NODE || a.dataset.key === b.dataset.key);
}

function merge(current, wanted) {
  if (current.nodeType === Node.TEXT_NODE) {
    if (current.data !== wanted.data) {
      current.data = wanted.data;
    }

    return;
  }

  for (const { name } of [...current.attributes]) {
    // Whether details are open is the reader's business.
    if (!wanted.hasAttribute(name) && name !== 'open') {
      current.removeAttribute(name);
    }
  }

  for (const { name, value } of wanted.attributes) {
    if (current.getAttribute(name) !== value && name !== 'open') {
      current.setAttribute(name, value);
    }
  }

  for (const name of HANDLERS) {
    if (current[name] !== wanted[name]) {
      current[name] = wanted[name];
    }
  }

  align(current, [...wanted.childNodes]);
}
