//! Contrast of every text that is seen with what lies behind it (WCAG 2.1, 1.4.3, level AA).

use crate::driver::Browser;

/// The elements that reach furthest to the right, for the message.
pub(crate) const WIDEST: &str = "
return [...document.querySelectorAll('body *')]
  .map(e => [e.getBoundingClientRect().right, e.tagName + '.' + e.getAttribute('class')])
  .filter(([right]) => right > innerWidth)
  .sort((a, b) => b[0] - a[0]).slice(0, 5).map(String)";

/// Every text whose contrast is too low: its beginning, its colour, what lies behind it, the ratio.
///
/// Behind a text lies the nearest background of an element around it that is not transparent; a
/// drawing lies on the page. A large text (24 px, or 18.66 px and bold) needs 3 : 1, any other 4.5 : 1.
const LOW: &str = r"
const channels = text => {
  const numbers = text.match(/[\d.]+(e-?\d+)?/g).map(Number);
  if (text.startsWith('color(srgb')) return [...numbers.slice(0, 3).map(v => v * 255), numbers[3] ?? 1];
  return [numbers[0], numbers[1], numbers[2], numbers[3] ?? 1];
};
const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
const luminance = colour => {
  const [r, g, b] = colour.slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = element => {
  const layers = [];
  for (let e = element; e; e = e.parentElement) {
    const colour = channels(getComputedStyle(e).backgroundColor);
    if (colour[3] > 0) layers.push(colour);
    if (colour[3] === 1) break;
  }
  return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
};
const low = new Map();
let count = 0;
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
  if (!text || !element || ['SCRIPT', 'STYLE', 'title', 'desc'].includes(element.tagName)) continue;
  if (!element.getClientRects().length) continue;
  count++;
  const style = getComputedStyle(element), drawn = element.namespaceURI.endsWith('svg');
  const back = behind(drawn ? element.closest('figure') : element);
  const fore = over(channels(drawn ? style.fill : style.color), back);
  const [a, b] = [luminance(fore), luminance(back)].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05), size = parseFloat(style.fontSize);
  const large = !drawn && (size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700));
  if (ratio < (large ? 3 : 4.5)) low.set(`${style.color} ${style.fill}`, `${text.slice(0, 40)}: ${fore} on ${back}, ${ratio.toFixed(2)}`);
}
return [count, [...low.values()]];";

pub(crate) fn check(browser: &Browser, place: &str) {
    let found = browser.ask(LOW);
    let texts = found[0].as_u64().unwrap();
    assert!(texts > 300, "only {texts} texts were looked at");
    let low = found[1].as_array().unwrap();
    assert!(low.is_empty(), "{place}: {low:#?}");
}
