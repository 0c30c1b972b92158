// Places orders over HTTP and shows what the server's live stream says happened, nothing else.
(() => {
  'use strict';

  const MAX_SHOWN = 40;
  const PLACES = 4; // colours; further shards share them, and are told apart by their names
  const STATIONS = ['COMMITTED', 'PUBLISHED', 'HANDLED'];
  const ARTICLES = [['BOOK-1', '19.90'], ['BOOK-2', '12.45'], ['BOOK-3', '64.00'], ['BOOK-4', '11.50'], ['BOOK-5', '35.00']];

  const byId = (id) => document.getElementById(id);
  const form = byId('place');
  const lines = byId('lines');
  const journeys = new Map(); // order id -> {element, passed: {station: microseconds}, …}, newest last

  const shards = new Map(); // name -> {element, place, elsewhere}: whether another copy's relay publishes it

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

  // --- The customer

  let summaryTimer = 0;

  async function ask(path) {
    try {
      const response = await fetch(path);
      return response.ok ? await response.json() : null;
    } catch {
      return null; // the server is away; the figures say so
    }
  }

  async function refreshSummary() {
    clearTimeout(summaryTimer);
    summaryTimer = 0;
    const customer = byId('customer').value.trim();
    byId('summary-customer').textContent = customer;
    const path = `customers/${encodeURIComponent(customer)}`;
    const [summary, credit] = await Promise.all([ask(`${path}/summary`), ask(path)]);
    byId('summary-count').textContent = summary ? summary.orderCount : '–';
    byId('summary-total').textContent = summary ? summary.total : '–';
    byId('credit-limit').textContent = credit ? credit.creditLimit : '–';
    byId('credit-available').textContent = credit ? credit.available : '–';
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
      element.querySelector('.total').textContent = 'Placed';
      element.querySelector('.who').textContent = 'elsewhere';
      known = { element, passed: {}, customerId: null, shard: null, elsewhere: false };
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

  // What passes at another copy of the application is told to that copy's pages only.
  function waiting(known, name) {
    if (name === 'COMMITTED') {
      return 'at another copy';
    }
    known.elsewhere = known.elsewhere || Boolean(shards.get(known.shard)?.elsewhere);
    return known.elsewhere ? 'at another copy' : 'waiting';
  }

  function draw(known) {
    for (const name of STATIONS) {
      const at = known.passed[name];
      if (at === undefined) {
        known.element.querySelector(`[data-station="${name}"] .when`).textContent = waiting(known, name);
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

  function drawPlace(known) {
    const mark = known.element.querySelector('.place');
    mark.hidden = known.shard === null;
    if (known.shard !== null) {
      mark.textContent = known.shard.slice(0, 1);
      mark.title = `On shard ${known.shard}`;
      mark.setAttribute('aria-label', mark.title);
      mark.dataset.place = shards.get(known.shard)?.place ?? '';
    }
  }

  function onOrder({ orderId, customerId, total, shard }) {
    const known = journey(orderId);
    known.customerId = customerId;
    known.shard = shard;
    drawPlace(known);
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

  // --- The shards and their relays

  function bytes(count) {
    if (count < 0) {
      return 'no slot';
    }
    return count < 1_048_576 ? `${(count / 1024).toFixed(0)} KiB` : `${(count / 1_048_576).toFixed(1)} MiB`;
  }

  const age = (ms) => (ms < 1000 ? `${ms} ms ago` : `${(ms / 1000).toFixed(1)} s ago`);

  function setState(element, text, mark) {
    if (element.textContent !== text) {
      element.textContent = text;
    }
    element.toggleAttribute('data-good', mark === 'good');
    element.toggleAttribute('data-bad', mark === 'bad');
  }

  function card(name) {
    let known = shards.get(name);
    if (!known) {
      const element = byId('shard-template').content.firstElementChild.cloneNode(true);
      const place = shards.size % PLACES;
      element.dataset.place = place;
      element.querySelector('.name').textContent = name;
      element.querySelector('.place').textContent = name.slice(0, 1);
      byId('shards').append(element);
      known = { element, place, elsewhere: false };
      shards.set(name, known);
      journeys.forEach(drawPlace);
    }
    return known;
  }

  function leaderText({ leads, leader, relay }) {
    if (leads) {
      return `${relay.toLowerCase().replaceAll('_', ' ')} here`;
    }
    return leader ? `at ${leader}` : 'none yet';
  }

  function onShard(shard) {
    const { name, state, slots, detail, lag, inFlight, leads, leader } = shard;
    const known = card(name);
    const { element } = known;
    const up = state === 'UP';
    setState(element.querySelector('.state'), state.toLowerCase(), up ? 'good' : state === 'DOWN' ? 'bad' : '');
    element.toggleAttribute('data-away', !up);
    element.querySelector('.detail').hidden = !detail;
    element.querySelector('.detail').textContent = detail;
    const show = (of, text) => { element.querySelector(`[data-of=${of}]`).textContent = text; };
    show('slots', slots.toLocaleString('en'));
    show('leader', leaderText(shard));
    element.querySelector('[data-of=leader]').title = leader || '';
    show('flight', leads ? inFlight : '–');
    show('behind', lag ? age(lag.oldestUnpublishedMillis) : '–');
    show('wal', lag ? bytes(lag.retainedBytes) : '–');
    const elsewhere = Boolean(leader) && !leads;
    if (known.elsewhere !== elsewhere) {
      known.elsewhere = elsewhere;
      journeys.forEach(draw);
    }
  }

  function onShards({ shards: all, parked }) {
    setState(byId('connection'), 'live', 'good');
    byId('parked').textContent = parked ? parked.keys + (parked.dead ? ` (${parked.dead} dead)` : '') : '–';
    all.forEach(onShard);
    const texts = all.flatMap(({ name, findings, gaps }) => [
      ...findings,
      ...(gaps ? [`A replication slot was lost or made again ${gaps} times since the start.`] : []),
    ].map((text) => (all.length > 1 ? `Shard ${name}: ${text}` : text)));
    byId('findings').hidden = texts.length === 0;
    byId('findings').replaceChildren(...texts.map((text) => {
      const item = document.createElement('li');
      item.textContent = text;
      return item;
    }));
    if ([...shards.values()].some(({ elsewhere }) => elsewhere)) {
      summaryMayHaveChanged(); // what another copy handles is not told here
    }
  }

  function disconnected() {
    setState(byId('connection'), 'no connection', 'bad');
    byId('parked').textContent = '–';
    shards.forEach(({ element }) => {
      setState(element.querySelector('.state'), 'unknown', '');
      element.querySelectorAll('[data-of]').forEach((figure) => { figure.textContent = '–'; });
    });
  }

  // --- Start

  addLine(...ARTICLES[0]);
  refreshSummary();
  const live = new EventSource('live'); // reconnects by itself; what is told again changes nothing
  live.addEventListener('order', (event) => onOrder(JSON.parse(event.data)));
  live.addEventListener('station', (event) => onStation(JSON.parse(event.data)));
  live.addEventListener('shards', (event) => onShards(JSON.parse(event.data)));
  live.addEventListener('open', refreshSummary);
  live.addEventListener('error', disconnected);
})();
