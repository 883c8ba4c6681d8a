#!/usr/bin/perl
# A model server that behaves as the file `mood` beside it says: good, cut (its stream stops in the middle of an event), page
# (it answers with a page). Given $PORT or $SOCKET, and $NAME.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Socket::UNIX;

$SIG{PIPE} = $SIG{CHLD} = 'IGNORE';
my $listener = $ENV{SOCKET}
  ? IO::Socket::UNIX->new(Local => $ENV{SOCKET}, Listen => 64)
  : IO::Socket::INET->new(LocalAddr => $ENV{BIND} // '127.0.0.1', LocalPort => $ENV{PORT}, Listen => 64, ReuseAddr => 1);
die "cannot listen: $!\n" if !$listener;
print STDERR "ready\n";
while (1) {
  my $client = $listener->accept or next;
  if (!fork) { answer($client); exit 0 }
  close $client;
}

sub answer {
  my ($client) = @_;
  my $head = '';
  while (my $line = <$client>) { $head .= $line; last if $line =~ /^\r?\n$/ }
  my ($length) = $head =~ /^content-length: *(\d+)/mi;
  read($client, my $body, $length) if $length;
  my $mood = 'good';
  if (open my $file, '<', "$ENV{MOODS}/mood") { chomp($mood = <$file>) }
  my $close = "Connection: close\r\n\r\n";
  if ($mood eq 'page') { print $client "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n$close<html>please log in</html>"; return }
  if ($head =~ m{^GET /v1/models }) {
    print $client "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n$close", qq({"object":"list","data":[{"id":"$ENV{NAME}","object":"model"}]});
    return;
  }
  if ($head !~ m{^POST /v1/chat/completions }) { print $client "HTTP/1.1 404 Not Found\r\n$close"; return }
  print $client "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n$close";
  print $client qq(data: {"choices":[{"delta":{"content":"Ahoy"},"finish_reason":null}]}\n\n);
  if ($mood eq 'cut') { print $client qq(data: {"choices":[{"delta":{"con); return }
  print $client qq(data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n);
}
