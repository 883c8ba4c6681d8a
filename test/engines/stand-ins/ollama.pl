#!/usr/bin/perl
# A stand-in for Ollama, which cannot be had here: it answers as Ollama's docs/api.md says, keeps its models in the same places,
# and has its answers made by the real llama-server that lies beside it. What it shows is our side, not Ollama.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Socket::UNIX;

$SIG{PIPE} = 'IGNORE';
my ($root) = $0 =~ m{^(.*)/bin/ollama$} or die "it is not where it should be\n";
my $word = $ARGV[0] // '';
if ($word eq '--version') { print "ollama version is 0.0.0-stand-in\n"; exit 0 }
die "Error: unknown command \"$word\"\n" if $word ne 'serve';

my ($host, $port) = ($ENV{OLLAMA_HOST} // '127.0.0.1:11434') =~ /^(.*):(\d+)$/;
my $models = $ENV{OLLAMA_MODELS} // "$ENV{HOME}/.ollama/models";
my $books = "$models/manifests/registry.ollama.ai/library";
folder($_) for "$ENV{HOME}/.ollama", "$models/blobs", $books;
put("$ENV{HOME}/.ollama/id_ed25519.pub", "stand-in\n");
my $listener = IO::Socket::INET->new(LocalAddr => $host, LocalPort => $port, Listen => 64, ReuseAddr => 1)
  or die "Error: listen tcp $host:$port: bind: address already in use\n";
print STDERR "time=stand-in level=INFO msg=\"Listening on $host:$port\"\n";
$SIG{CHLD} = 'IGNORE';
while (1) {
  my $client = $listener->accept or next;
  if (!fork) { close $listener; $SIG{CHLD} = 'DEFAULT'; answer($client); exit 0 }
  close $client;
}

sub answer {
  my ($client) = @_;
  my $head = '';
  while (my $line = <$client>) { $head .= $line; last if $line =~ /^\r?\n$/ }
  my ($method, $path) = $head =~ m{^(\S+) (\S+)} or return;
  my ($length) = $head =~ /^content-length: *(\d+)/mi;
  my $body = '';
  read($client, $body, $length) if $length;
  return say_json($client, 403, '{"error":"forbidden"}') if $head !~ /^host: *(localhost|127\.0\.0\.1)(:\d+)?\r?$/mi;
  return say_to($client, 200, 'text/plain; charset=utf-8', 'Ollama is running') if $path eq '/';
  return say_json($client, 200, '{"version":"0.0.0-stand-in"}') if $path eq '/api/version';
  return say_json($client, 200, '{"models":[' . join(',', map { tag($_) } names()) . ']}') if $path eq '/api/tags';
  return say_json($client, 200, '{"object":"list","data":[' . join(',', map { qq({"id":"$_:latest","object":"model","created":1,"owned_by":"library"}) } names()) . ']}')
    if $path eq '/v1/models';
  return say_json($client, (-f "$models/blobs/sha256-$1" ? 200 : 404), '') if $path =~ m{^/api/blobs/sha256:([0-9a-f]{64})$};
  return create($client, $body) if $path eq '/api/create';
  return copy($client, $body) if $path eq '/api/copy';
  return say_json($client, 500, '{"error":"pull model manifest: Get \"https://registry.ollama.ai/v2/\": dial tcp: lookup registry.ollama.ai on 127.0.0.53:53: no such host"}')
    if $path eq '/api/pull';
  return chat($client, $head, $body) if $path eq '/v1/chat/completions';
  say_json($client, 404, '404 page not found');
}

sub create {
  my ($client, $body) = @_;
  my ($name) = $body =~ /"model": *"([a-z0-9._-]+)"/;
  my ($digest) = $body =~ /"files": *\{ *"[^"]+": *"sha256:([0-9a-f]{64})"/;
  return say_json($client, 400, q({"error":"neither 'from' or 'files' was specified"})) if !$name || !$digest;
  my $blob = "$models/blobs/sha256-$digest";
  return say_json($client, 400, qq({"error":"blob not found (digest sha256:$digest)"})) if !-f $blob;
  return say_json($client, 400, q({"error":"supplied file was not in GGUF format"})) if substr(get($blob), 0, 4) ne 'GGUF';
  folder("$books/$name");
  put("$books/$name/latest", qq({"schemaVersion":2,"layers":[{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:$digest"}]}));
  say_json($client, 200, '{"status":"success"}');
}

sub copy {
  my ($client, $body) = @_;
  my ($from) = $body =~ /"source": *"([a-z0-9._-]+)/;
  my ($to) = $body =~ /"destination": *"([a-z0-9._-]+)/;
  return say_json($client, 404, qq({"error":"model '$from' not found"})) if !-f "$books/$from/latest";
  folder("$books/$to");
  put("$books/$to/latest", get("$books/$from/latest"));
  say_json($client, 200, '');
}

# A runner for each chat: it is told nothing of the others.
sub chat {
  my ($client, $head, $body) = @_;
  my ($name) = $body =~ /"model": *"([a-z0-9._-]+?)(?::latest)?"/;
  my ($digest) = -f "$books/$name/latest" ? get("$books/$name/latest") =~ /sha256:([0-9a-f]{64})/ : ();
  return say_json($client, 404, qq({"error":{"message":"model '$name' not found","type":"not_found_error"}})) if !$digest;
  my $socket = "/tmp/runner-$$.sock";
  my $runner = fork;
  if (!$runner) {
    close $client;
    open(STDOUT, '>&', \*STDERR);
    exec "$root/lib/ollama/bin/llama-server", '--host', $socket, '--model', "$models/blobs/sha256-$digest", '--ctx-size', '512', '--threads', '1', '--no-ui', '--offline';
  }
  my $upstream;
  for (1 .. 600) {
    $upstream = IO::Socket::UNIX->new(Peer => $socket);
    if ($upstream) {
      print $upstream "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      my $status = <$upstream> // '';
      last if $status =~ / 200 /;
    }
    select(undef, undef, undef, 0.05);
  }
  $upstream = IO::Socket::UNIX->new(Peer => $socket) or return say_json($client, 500, '{"error":"llama runner process has terminated"}');
  print $upstream $head, $body;
  while (sysread($upstream, my $piece, 65536)) { last if !defined syswrite($client, $piece) }
  kill 'KILL', $runner;
  unlink $socket;
}

sub names { opendir(my $folder, $books) or return (); return grep { !/^\./ } sort readdir $folder }
sub tag {
  my ($name) = @_;
  return qq({"name":"$name:latest","model":"$name:latest","modified_at":"2026-01-01T00:00:00Z","size":1,"digest":"0","details":{"format":"gguf","family":"llama"}});
}
sub folder { my $at = ''; for (split m{/}, $_[0]) { $at .= "$_/"; mkdir $at } }
sub put { open(my $file, '>', $_[0]) or die "$_[0]: $!\n"; print $file $_[1]; close $file }
sub get { open(my $file, '<:raw', $_[0]) or die "$_[0]: $!\n"; local $/; return scalar <$file> }
sub say_json { say_to($_[0], $_[1], 'application/json; charset=utf-8', $_[2]) }
sub say_to {
  my ($client, $status, $type, $body) = @_;
  print $client "HTTP/1.1 $status stand-in\r\nContent-Type: $type\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
}
