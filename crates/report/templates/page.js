// Links the figures of a chapter: a layer that is pointed at, or chosen with the keyboard, is lit in
// all of them, with its numbers. Saves figures and their numbers. The page reads in full without it.
(() => {
'use strict';

const SVG = document.querySelector('svg')?.namespaceURI;

// Numbers as the page writes them: four significant digits, a true minus, powers of ten.
function show(x) {
  if (Number.isNaN(x)) return 'NaN';
  if (!Number.isFinite(x)) return x > 0 ? '∞' : '−∞';
  if (x === 0) return '0';
  const trim = text => text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  const [mantissa, power] = Math.abs(x).toExponential(3).split('e');
  const exponent = Number(power);
  const raised = () => String(exponent).replace(/[-\d]/g, c => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(c)]);
  const text = exponent >= -3 && exponent < 6
    ? trim(Math.abs(x).toFixed(3 - Math.min(exponent, 3)))
    : `${trim(mantissa)} × 10${raised()}`;
  return x < 0 ? `−${text}` : text;
}

function number(text) {
  const word = { 'NaN': NaN, 'inf': Infinity, '-inf': -Infinity }[text];
  return word === undefined ? (text === '' ? NaN : Number(text)) : word;
}

// RFC 4180: rows of cells.
function parse(csv) {
  const rows = [];
  let row = [], cell = '', quoted = false;
  for (let i = 0; i < csv.length; i++) {
    const c = csv[i];
    if (quoted) {
      if (c !== '"') cell += c;
      else if (csv[i + 1] === '"') { cell += c; i++; }
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === ',') { row.push(cell); cell = ''; }
    else if (c === '\n') { row.push(cell); rows.push(row); row = []; cell = ''; }
    else if (c !== '\r') cell += c;
  }
  if (cell !== '' || row.length) { row.push(cell); rows.push(row); }
  return rows;
}

function make(name, attributes = {}, ...content) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...content);
  return element;
}

function make_svg(name, attributes, ...content) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...content);
  return element;
}

// A plot's area whose one axis is the layer.
class Area {
  constructor(rect) {
    this.rect = rect;
    const data = rect.dataset;
    this.along = data.along === 'y' ? 'y' : 'x';
    this.bend = data.scale === 'log' ? x => Math.log(Math.max(x, 1e-9)) : x => x;
    this.unbend = data.scale === 'log' ? Math.exp : x => x;
    this.from = this.bend(Number(data.from));
    this.to = this.bend(Number(data.to));
    this.ends = [Number(data.from), Number(data.to)].sort((a, b) => a - b);
    this.box = Object.fromEntries(['x', 'y', 'width', 'height'].map(
      name => [name, Number(rect.getAttribute(name))]));
    this.line = null;
  }

  layer_at(event) {
    const matrix = this.rect.getScreenCTM();
    if (!matrix) return null;
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const part = this.along === 'x'
      ? (point.x - this.box.x) / this.box.width
      : (point.y - this.box.y) / this.box.height;
    const layer = this.unbend(this.from + Math.min(1, Math.max(0, part)) * (this.to - this.from));
    return Math.round(Math.min(this.ends[1], Math.max(this.ends[0], layer)));
  }

  light(layer) {
    this.line?.remove();
    this.line = null;
    if (layer === null || layer < this.ends[0] || layer > this.ends[1]) return;
    const span = this.to - this.from;
    const part = span === 0 ? 0.5 : (this.bend(layer) - this.from) / span;
    const { x, y, width, height } = this.box;
    const at = this.along === 'x' ? x + part * width : y + part * height;
    this.line = make_svg('line', this.along === 'x'
      ? { class: 'lit', x1: at, x2: at, y1: y, y2: y + height }
      : { class: 'lit', x1: x, x2: x + width, y1: at, y2: at });
    this.rect.before(this.line);
  }
}

class Figure {
  constructor(element, chapter) {
    this.element = element;
    this.chapter = chapter;
    this.plot = element.querySelector('.plot');
    const run = element.querySelector('figcaption .run');
    this.title = element.querySelector('figcaption strong').textContent;
    this.label = run ? `${this.title}, ${run.textContent}` : this.title;
    this.areas = [...element.querySelectorAll('.hit[data-axis="layer"]')].map(rect => new Area(rect));
    this.marks = [...element.querySelectorAll('[data-layer]')];
    this.csv = this.read();
    this.tools = make('div', { class: 'tools' });
    this.layers = this.layer_list();
    if (this.layers.length > 1) this.link();
    this.offer();
    this.plot.after(this.tools);
  }

  // The embedded numbers; both entities stand for themselves there.
  read() {
    const script = document.getElementById(`${this.element.id}-csv`);
    const text = script ? script.textContent.replace(/&lt;/g, '<').replace(/&amp;/g, '&') : '';
    return text.trim() === '' ? '' : text;
  }

  // The layers that can be lit, ascending: those that have numbers, else all along the axis.
  layer_list() {
    if (!this.areas.length && !this.marks.length) return [];
    const [head = [], ...rows] = this.csv ? parse(this.csv) : [];
    this.names = head.slice(1);
    this.rows = new Map();
    if (head[0] === 'layer') {
      for (const row of rows) this.rows.set(Number(row[0]), row.slice(1));
    }
    const layers = this.rows.size
      ? [...this.rows.keys()]
      : this.marks.map(mark => Number(mark.dataset.layer)).concat(this.areas.flatMap(area => area.ends));
    const known = [...new Set(layers.filter(Number.isFinite))].sort((a, b) => a - b);
    if (this.rows.size || !known.length) return known;
    const [first, last] = [known[0], known[known.length - 1]];
    return Array.from({ length: Math.min(10001, last - first + 1) }, (_, i) => first + i);
  }

  nearest(layer) {
    let low = 0, high = this.layers.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.layers[middle] <= layer) low = middle; else high = middle;
    }
    return Math.abs(this.layers[high] - layer) < Math.abs(this.layers[low] - layer) ? high : low;
  }

  link() {
    this.plot.classList.add('linked');
    this.slider = make('input', {
      type: 'range', min: 0, max: this.layers.length - 1, step: 1, value: 0,
      'aria-label': `Layer, ${this.label}`,
    });
    this.slider.value = 0;
    this.slider.setAttribute('aria-valuetext', this.words(0));
    this.reading = make('output', { class: 'reading-of-layer', 'aria-hidden': 'true' });
    this.readout = make('div', { class: 'readout', 'aria-hidden': 'true', hidden: '' });
    this.plot.append(this.readout);
    this.tools.append(make('label', { class: 'layer' }, make('span', {}, 'Layer'), this.slider, this.reading));
    this.reading.textContent = '–';
    this.listen();
  }

  listen() {
    const chosen = () => this.layers[Number(this.slider.value)];
    this.slider.addEventListener('input', () => this.chapter.hold(chosen(), this));
    this.slider.addEventListener('focus', () => this.chapter.hold(this.chapter.lit ?? chosen(), this));
    this.slider.addEventListener('blur', () => this.chapter.release());
    const layer_of = event => {
      const mark = event.target.closest('[data-layer]');
      if (mark) return Number(mark.dataset.layer);
      const area = this.areas.find(one => one.rect === event.target);
      return area ? area.layer_at(event) : null;
    };
    this.plot.addEventListener('pointermove', event => {
      const layer = layer_of(event);
      if (layer !== null) this.chapter.light(layer, this);
      else if (event.pointerType === 'mouse') this.chapter.rest();
    });
    this.plot.addEventListener('pointerleave', event => {
      if (event.pointerType === 'mouse') this.chapter.rest();
    });
    // A click or a tap keeps the layer, and the arrow keys go on from it.
    this.plot.addEventListener('click', event => {
      const layer = layer_of(event);
      if (layer === null) return;
      this.chapter.light(layer, this);
      this.slider.focus({ preventScroll: true });
      this.chapter.hold(layer, this);
    });
  }

  // The numbers at a layer, a row a line of the figure: its seeds beside each other, what was
  // predicted, and from where to where. Means and the counts of bins stay in the file.
  lines(index) {
    const row = this.rows.get(this.layers[index]) ?? [];
    const lines = new Map();
    this.names.forEach((name, i) => {
      const text = row[i] ?? '';
      const [, base = name, kind = 'rms'] =
        name.match(/^(.*?) (predicted rms|rms|predicted|low|high|mean|std|below|above|not finite|from [-\d].*)$/) ?? [];
      if (name === 'name' || text === '' || kind === 'mean' || kind.startsWith('from ')) return;
      const line = base.replace(/, seed \d+$/, '');
      if (!lines.has(line)) lines.set(line, { measured: [], predicted: [], range: [], lost: [] });
      const x = number(text), at = lines.get(line);
      const shown = Number.isNaN(x) && text !== 'NaN' ? text : show(x);
      if (kind.startsWith('predicted')) at.predicted.push(shown);
      else if (kind === 'low' || kind === 'high') at.range.push(shown);
      else if (kind === 'rms' || kind === 'std') at.measured.push(shown);
      else if (x > 0) at.lost.push(`${shown} ${kind}`);
    });
    return lines;
  }

  // What the results call the layer, where that is not its number.
  naming(index) {
    const row = this.rows.get(this.layers[index]) ?? [];
    const name = this.names[0] === 'name' ? row[0] : '';
    const plain = `Layer ${this.layers[index]}`;
    return name && name.toLowerCase() !== plain.toLowerCase() ? `${plain}, here “${name}”` : plain;
  }

  words(index) {
    const lines = [...this.lines(index)].map(([name, { measured, predicted }]) =>
      `${name} ${measured.join(', ')}${predicted.length ? `, predicted ${predicted.join(', ')}` : ''}`);
    return [this.naming(index).replace('L', 'l'), ...lines].join('; ');
  }

  table(index) {
    const lines = [...this.lines(index)];
    const heads = ['predicted', 'range', 'lost'].filter(kind => lines.some(([, line]) => line[kind].length));
    const title = { predicted: 'predicted', range: 'from … to', lost: 'not in the drawing' };
    const cell = (texts, joint, head) => make('td', texts.length ? { 'data-head': head } : {},
      ...texts.flatMap((text, i) => [i ? joint : '', make('span', {}, text)]));
    return make('table', {},
      make('thead', {}, make('tr', {}, make('td', {}, make('strong', {}, this.naming(index))),
        make('th', {}, 'measured'), ...heads.map(kind => make('th', {}, title[kind])))),
      make('tbody', {}, ...lines.map(([name, line]) => make('tr', {},
        make('th', {}, make('bdi', {}, name)), cell(line.measured, ' · ', 'measured'),
        ...heads.map(kind => cell(line[kind], kind === 'range' ? ' … ' : ' · ', title[kind]))))));
  }

  // Lights a layer; its numbers are shown under the figure that the reader is at, since those of
  // another would cover it.
  light(layer, is_here) {
    if (!this.slider) return;
    const dark = layer === null;
    const index = dark ? 0 : this.nearest(layer);
    const near = dark ? null : this.layers[index];
    for (const area of this.areas) area.light(near);
    for (const mark of this.marks) mark.classList.toggle('on', Number(mark.dataset.layer) === near);
    this.plot.classList.toggle('lit-plot', !dark);
    this.readout.hidden = dark || !is_here;
    this.reading.textContent = dark ? '–' : String(near);
    if (dark) return;
    this.slider.value = index;
    this.slider.setAttribute('aria-valuetext', this.words(index));
    if (is_here) this.readout.replaceChildren(this.table(index));
  }

  // The buttons that save.
  offer() {
    const buttons = [['SVG', () => this.save_svg()], ['PNG', () => this.save_png()]];
    if (this.csv) buttons.push(['CSV', () => this.save('csv', new Blob([this.csv.replace(/\n/g, '\r\n')], { type: 'text/csv' }))]);
    const group = make('div', { class: 'save', role: 'group', 'aria-label': `Save ${this.label}` },
      make('span', { 'aria-hidden': 'true' }, 'Save'));
    for (const [name, act] of buttons) {
      const button = make('button', { type: 'button', 'aria-label': `Save as ${name}` }, name);
      button.addEventListener('click', act);
      group.append(button);
    }
    this.tools.append(group);
  }

  save(ending, blob) {
    const address = URL.createObjectURL(blob);
    const link = make('a', { href: address, download: `${this.element.dataset.file}.${ending}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  }

  save_svg() {
    this.save('svg', new Blob([this.alone().text], { type: 'image/svg+xml' }));
  }

  async save_png() {
    const { text, width, height } = this.alone();
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    const scale = 2;
    const canvas = make('canvas', { width: Math.round(width * scale), height: Math.round(height * scale) });
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob(blob => this.save('png', blob), 'image/png');
  }

  // The wide drawing as a file that stands alone, in the colours of the reader's setting.
  alone() {
    const drawing = this.element.querySelector('.wide svg').cloneNode(true);
    drawing.querySelectorAll('.hit, .lit').forEach(element => element.remove());
    drawing.querySelectorAll('.on').forEach(element => element.classList.remove('on'));
    const [, , inner, tall] = drawing.getAttribute('viewBox').split(' ').map(Number);
    const margin = 24;
    const colours = getComputedStyle(document.documentElement);
    const style = document.getElementById('page.figures').textContent
      .replace(/var\((--[\w-]+)\)/g, (_, name) => colours.getPropertyValue(name).trim());
    const head = this.heading(inner);
    const [width, height] = [inner + 2 * margin, tall + head.height + 2 * margin];
    const body = make_svg('g', { transform: `translate(${margin} ${margin + head.height})` });
    body.append(...[...drawing.childNodes].filter(node => !['title', 'desc'].includes(node.nodeName)));
    const named = [...drawing.childNodes].filter(node => ['title', 'desc'].includes(node.nodeName));
    const root = make_svg('svg', {
      class: 'fig', role: 'img', 'aria-labelledby': drawing.getAttribute('aria-labelledby'),
      width, height, viewBox: `0 0 ${width} ${height}`,
    }, ...named, make_svg('style', {}, style),
    make_svg('rect', { class: 'paper', width, height }),
    make_svg('g', { transform: `translate(${margin} ${margin})` }, ...head.lines), body);
    return { text: new XMLSerializer().serializeToString(root), width, height };
  }

  // The chapter, the figure's title and its subtitle above a drawing that stands alone.
  heading(width) {
    const pen = make('canvas').getContext('2d');
    const family = getComputedStyle(this.element).fontFamily;
    const run = this.element.querySelector('figcaption .run');
    const over = run ? `${this.chapter.title} · ${run.textContent}` : this.chapter.title;
    const subtitle = this.element.querySelector('figcaption .what').textContent;
    const lines = [];
    let y = 0;
    for (const [text, look, size, weight, gap] of [
      [over, 'over', 12, 400, 7],
      [this.title, 'head', 17, 650, 6],
      [subtitle, 'sub', 13, 400, 5],
    ]) {
      pen.font = `${weight} ${size}px ${family}`;
      for (const line of wrap(text, width, part => pen.measureText(part).width)) {
        y += size;
        lines.push(make_svg('text', { class: look, x: 0, y }, line));
        y += gap;
      }
    }
    return { lines, height: y + 16 };
  }
}

// A text in lines no wider than the room, four of them at most.
function wrap(text, room, width) {
  const lines = [];
  let line = '';
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = line ? `${line} ${word}` : word;
    if (line && width(longer) > room) { lines.push(line); line = word; } else line = longer;
  }
  if (line) lines.push(line);
  if (lines.length > 4) { lines.length = 4; lines[3] += ' …'; }
  return lines.map(one => {
    let cut = one;
    while (cut.length > 1 && width(cut) > room) cut = `${cut.slice(0, -2)}…`;
    return cut;
  });
}

// A chapter: the layer that is lit in all its figures, and the one that stays lit.
class Chapter {
  constructor(section) {
    this.title = section.querySelector('h2').textContent;
    this.lit = null;
    this.at = null;
    this.held = [null, null];
    this.figures = [...section.querySelectorAll('figure')].map(element => new Figure(element, this));
    this.section = section;
  }

  // Lights a layer in every figure for a reader who is at one of them.
  light(layer, figure) {
    if (layer === this.lit && figure === this.at) return;
    [this.lit, this.at] = [layer, figure];
    for (const one of this.figures) one.light(layer, one === figure);
  }

  hold(layer, figure) { this.held = [layer, figure]; this.light(layer, figure); }
  // Back to the layer that is held, if one is.
  rest() { this.light(...this.held); }
  release() { this.hold(null, null); }
}

const chapters = [...document.querySelectorAll('section.chapter')].map(section => new Chapter(section));

document.addEventListener('keydown', event => {
  if (event.key === 'Escape') chapters.forEach(chapter => chapter.release());
});
document.addEventListener('pointerdown', event => {
  if (event.target.closest('.linked, .tools')) return;
  chapters.forEach(chapter => chapter.release());
});

// Where the reader is, in the list at the side.
const links = new Map([...document.querySelectorAll('.side li a')].map(
  link => [link.getAttribute('href').slice(1), link]));
const here = new IntersectionObserver(entries => {
  for (const { target, isIntersecting } of entries) {
    const link = links.get(target.id);
    if (!link) continue;
    if (isIntersecting) link.setAttribute('aria-current', 'location');
    else link.removeAttribute('aria-current');
  }
}, { rootMargin: '-30% 0px -69% 0px' });
chapters.forEach(chapter => here.observe(chapter.section));
})();
