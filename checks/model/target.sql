/*
Spine: the targets of the inventory, reached or not.

id        the target's name, unique
name      the same, for people
platform  vsphere or kvm
*/
SELECT id, name, platform FROM run_target
