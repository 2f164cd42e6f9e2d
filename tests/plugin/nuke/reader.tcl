# Reads a Nuke script, which is a Tcl program, and tells what it would do, one command a line.
#
# A node's class is a command that nobody has defined; its body is a list of knobs and values. Every
# word is told in hexadecimal behind an x, so that no word can be taken for two, or for a line's end.
# The script runs in an interpreter that cannot touch files or processes.

set told {}
set count 0
proc tell {args} {
    global told
    set line {}
    foreach word $args { lappend line x[binary encode hex [encoding convertto utf-8 $word]] }
    lappend told [join $line " "]
}
proc body {text} {
    foreach {knob value} $text {
        if {$knob eq "addUserKnob"} { tell user {*}$value } else { tell knob $knob $value }
    }
}
proc other {kind args} {
    if {![regexp {^[A-Z]\w*$} $kind] || [llength $args] > 1} { error "invalid command name \"$kind\"" }
    tell node $kind
    body [lindex $args 0]
}
proc clone {reference args} {
    tell clone $reference {*}[lrange $args 0 end-1]
    body [lindex $args end]
}
proc stack {depth} { global count; tell stack $depth @[incr count]; return @$count }
proc push {{reference 0}} { tell push $reference }
proc end_group {} { tell end_group }
proc skip {args} {}

set box [interp create -safe]
foreach {name does} {
    unknown other  clone clone  stack stack  push push  end_group end_group
    version skip  define_window_layout_xml skip  add_layer skip
} { interp alias $box $name {} $does }
