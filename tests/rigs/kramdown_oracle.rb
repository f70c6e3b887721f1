# Reads JSON lines {"name", "text"} and writes {"name", "html"} as Jekyll's kramdown makes it, without typography.
# Needs the gems kramdown and kramdown-parser-gfm (Debian: ruby-kramdown, ruby-kramdown-parser-gfm).
require 'json'
require 'kramdown'
require 'kramdown-parser-gfm'

OPTIONS = {
  input: 'GFM',
  hard_wrap: false,
  syntax_highlighter: nil,
  smart_quotes: %w[apos apos quot quot],
  typographic_symbols: {
    hellip: '...', mdash: '---', ndash: '--', laquo: '<<', raquo: '>>', laquo_space: '<< ', raquo_space: ' >>'
  }
}.freeze

$stdin.each_line do |line|
  given = JSON.parse(line)
  puts JSON.generate(name: given['name'], html: Kramdown::Document.new(given['text'], OPTIONS).to_html)
end
