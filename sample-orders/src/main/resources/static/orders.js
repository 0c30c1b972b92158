// Places orders over HTTP and shows what the server's live stream says happened, nothing else.
(() => {
  'use strict';

  const MAX_SHOWN = 40;
  const STATIONS = ['COMMITTED', 'PUBLISHED', 'HANDLED'];
  const ARTICLES = [['BOOK-1', '19.90'], ['PEN-3', '2.45'], ['LAMP-2', '64.00'], ['MUG-8', '11.50']];

  const byId = (id) => document.getElementById(id);
  const form = byId('place');
  const lines = byId('lines');
  const journeys = new Map(); // order id -> {element, passed: {station: microseconds}, …}, newest last

  // --- Placing orders

  function addLine(sku, price) {
    const line = byId('line-template').content.firstElementChild.cloneNode(true);
    line.querySelector('[name=sku]').value = sku;
    line.querySelector('[name=unitPrice]').value = price;
    line.querySelector('.remove').addEventListener('click', () => {
      line.remove();
      byId('add-line').focus();
    });
    lines.append(line);
    return line;
  }

  // Only whole numbers are sent as numbers; anything else goes as it is, and the server says why not.
  const number = (text) => (/^-?\d{1,15}$/.test(text.trim()) ? Number(text) : text.trim());

  function order() {
    return {
      customerId: number(byId('customer').value),
      lines: [...lines.children].map((line) => ({
        sku: line.querySelector('[name=sku]').value.trim(),
        quantity: number(line.querySelector('[name=quantity]').value),
        unitPrice: line.querySelector('[name=unitPrice]').value.trim(),
      })),
    };
  }

  async function post(body) {
    const response = await fetch('orders', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) {
      throw Object.assign(new Error(answer.detail || answer.title), { errors: answer.errors || [] });
    }
    return answer;
  }

  function input(field) {
    const line = /^lines\[(\d+)\]\.(\w+)$/.exec(field);
    return line
      ? lines.children[Number(line[1])]?.querySelector(`[name="${line[2]}"]`)
      : form.querySelector(`[name="${CSS.escape(field)}"]`);
  }

  // "lines[1].quantity" is the second line's quantity.
  function label(field) {
    const element = input(field);
    const line = /^lines\[(\d+)\]/.exec(field);
    const name = element?.getAttribute('aria-label') || element?.labels?.[0]?.textContent || field;
    return line ? `Line ${Number(line[1]) + 1}, ${name.toLowerCase()}` : name;
  }

  function showProblem(error) {
    const problem = byId('problem');
    const mistakes = (error?.errors || []).map((each) => `${label(each.field)}: ${each.message}`);
    problem.hidden = !error;
    problem.textContent = mistakes.length ? mistakes.join('; ') : error?.message || '';
    form.querySelectorAll('[aria-invalid]').forEach((each) => each.removeAttribute('aria-invalid'));
    const wrong = (error?.errors || []).map((each) => input(each.field)).filter(Boolean);
    wrong.forEach((each) => each.setAttribute('aria-invalid', 'true'));
    wrong[0]?.focus();
  }

  async function place(bodies) {
    const buttons = form.querySelectorAll('.actions button');
    buttons.forEach((button) => { button.disabled = true; });
    try {
      await Promise.all(bodies.map(post));
      showProblem(null);
    } catch (error) {
      showProblem(error);
    } finally {
      buttons.forEach((button) => { button.disabled = false; });
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    place([order()]);
  });
  byId('many').addEventListener('click', () => place(Array.from({ length: 20 }, order)));
  byId('add-line').addEventListener('click', () => {
    const [sku, price] = ARTICLES[lines.children.length % ARTICLES.length];
    addLine(sku, price).querySelector('input').focus();
  });
  byId('customer').addEventListener('change', refreshSummary);

  // --- The customer's summary

  let summaryTimer = 0;

  async function refreshSummary() {
    clearTimeout(summaryTimer);
    summaryTimer = 0;
    const customer = byId('customer').value.trim();
    byId('summary-customer').textContent = customer;
    let summary = null;
    try {
      const response = await fetch(`customers/${encodeURIComponent(customer)}/summary`);
      summary = response.ok ? await response.json() : null;
    } catch {
      // The server is away; the figures say so.
    }
    byId('summary-count').textContent = summary ? summary.orderCount : '–';
    byId('summary-total').textContent = summary ? summary.total : '–';
  }

  // A burst of handled orders asks once.
  function summaryMayHaveChanged() {
    summaryTimer = summaryTimer || setTimeout(refreshSummary, 60);
  }

  // --- Orders on their way

  function journey(orderId) {
    let known = journeys.get(orderId);
    if (!known) {
      const element = byId('journey-template').content.firstElementChild.cloneNode(true);
      element.querySelector('.id').textContent = orderId;
      element.querySelector('.id').title = orderId;
      known = { element, passed: {}, customerId: null };
      journeys.set(orderId, known);
      byId('journeys').prepend(element);
      byId('nothing').hidden = true;
      if (journeys.size > MAX_SHOWN) {
        const [oldest, { element: last }] = journeys.entries().next().value;
        last.remove();
        journeys.delete(oldest);
      }
    }
    return known;
  }

  const milliseconds = (micros) => {
    const ms = micros / 1000;
    return Math.abs(ms) < 10_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(1)} s`;
  };
  const signed = (micros) => (micros < 0 ? '−' : '+') + milliseconds(Math.abs(micros));

  function clock(micros) {
    const time = new Date(micros / 1000);
    const two = (value) => String(value).padStart(2, '0');
    return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
      + `.${String(time.getMilliseconds()).padStart(3, '0')}`;
  }

  function draw(known) {
    for (const name of STATIONS) {
      const at = known.passed[name];
      if (at === undefined) {
        continue;
      }
      const element = known.element.querySelector(`[data-station="${name}"]`);
      element.dataset.at = at;
      const committed = known.passed.COMMITTED;
      const after = name !== 'COMMITTED' && committed !== undefined;
      element.querySelector('.when').textContent = after ? signed(at - committed) : clock(at);
      element.title = !after ? '' : at < committed
        ? `${clock(at)}, before the commit was reported back to the request`
        : `${clock(at)}, measured from the commit`;
    }
  }

  function median(values) {
    const sorted = values.sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  }

  function drawTypical() {
    const delays = [...journeys.values()]
      .filter(({ passed }) => passed.COMMITTED !== undefined && passed.HANDLED !== undefined)
      .map(({ passed }) => passed.HANDLED - passed.COMMITTED);
    byId('typical').textContent = delays.length
      ? `Commit to handled: median ${milliseconds(median(delays))} of the ${delays.length} shown`
      : '';
  }

  function onOrder({ orderId, customerId, total }) {
    const known = journey(orderId);
    known.customerId = customerId;
    known.element.querySelector('.total').textContent = total;
    known.element.querySelector('.who').textContent = `customer ${customerId}`;
  }

  function onStation({ orderId, name, at }) {
    const known = journey(orderId);
    known.passed[name] = known.passed[name] ?? at; // a repeated delivery changes nothing
    draw(known);
    if (name === 'HANDLED') {
      summaryMayHaveChanged();
      drawTypical();
      speak(known);
    }
  }

  // Read aloud at most once in three seconds: a burst must not flood a screen reader.
  let spokenAt = 0;

  function speak({ customerId, passed }) {
    const now = Date.now();
    const micros = passed.HANDLED - passed.COMMITTED;
    if (customerId !== null && Number.isFinite(micros) && now - spokenAt > 3000) {
      spokenAt = now;
      byId('spoken').textContent =
        `An order of customer ${customerId} was handled ${milliseconds(micros)} after its commit`;
    }
  }

  // --- The relay

  function bytes(count) {
    if (count < 0) {
      return 'no slot';
    }
    return count < 1_048_576 ? `${(count / 1024).toFixed(0)} KiB` : `${(count / 1_048_576).toFixed(1)} MiB`;
  }

  const age = (ms) => (ms < 1000 ? `${ms} ms ago` : `${(ms / 1000).toFixed(1)} s ago`);

  function relayState(text, mark) {
    const element = byId('relay-state');
    if (element.textContent !== text) {
      element.textContent = text;
    }
    element.toggleAttribute('data-good', mark === 'good');
    element.toggleAttribute('data-bad', mark === 'bad');
  }

  function onRelay({ state, inFlight, findings, gaps, lag }) {
    relayState(state.toLowerCase(), state === 'STREAMING' ? 'good' : state === 'STOPPED' ? 'bad' : '');
    byId('relay-flight').textContent = inFlight;
    byId('relay-behind').textContent = lag ? age(lag.oldestUnpublishedMillis) : '–';
    byId('relay-wal').textContent = lag ? bytes(lag.retainedBytes) : '–';
    byId('relay-parked').textContent = lag ? lag.parkedKeys + (lag.dead ? ` (${lag.dead} dead)` : '') : '–';
    const alarms = gaps ? [`A replication slot was lost or made again ${gaps} times since the start.`] : [];
    const texts = [...findings, ...alarms];
    byId('findings').hidden = texts.length === 0;
    byId('findings').replaceChildren(...texts.map((text) => {
      const item = document.createElement('li');
      item.textContent = text;
      return item;
    }));
  }

  function noRelay() {
    relayState('no connection', 'bad');
    for (const id of ['relay-flight', 'relay-behind', 'relay-wal', 'relay-parked']) {
      byId(id).textContent = '–';
    }
  }

  // --- Start

  addLine(...ARTICLES[0]);
  refreshSummary();
  const live = new EventSource('live'); // reconnects by itself; what is told again changes nothing
  live.addEventListener('order', (event) => onOrder(JSON.parse(event.data)));
  live.addEventListener('station', (event) => onStation(JSON.parse(event.data)));
  live.addEventListener('relay', (event) => onRelay(JSON.parse(event.data)));
  live.addEventListener('open', refreshSummary);
  live.addEventListener('error', noRelay);
})();
