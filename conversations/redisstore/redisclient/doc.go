// Package redisclient makes the connections to Redis: one server, or a Redis Cluster.
//
// It promises that a write whose answer is no error is held by as many replicas of its master as
// [Options.Replicas] says, so that the loss of that master does not lose it; with 0, the default, it
// promises nothing about replicas. After [ErrReplicas], as after any error of the network, the write may
// or may not have been made: whoever asked repeats it under the same operation id. It also promises that a
// cluster is used again within about a second after it elected a new master.
//
// It does not make Redis more than it is: a master cut off from its cluster may take writes that are lost,
// and only min-replicas-to-write on the servers bounds for how long (docs/operations.md).
//
// [New] is where to start.
package redisclient
